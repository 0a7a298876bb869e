"""Markdown holds the tables cell for cell, whatever characters they are made of."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.report.markdown import markdown
from lossbench.report.tables import Table

texts = st.text("ab|,:= ±²*", max_size=6).map(str.strip)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(texts, texts, texts), max_size=4))
def test_every_cell_is_where_it_belongs(rows: list[tuple[str, str, str]]) -> None:
    """Splitting the lines at bars that are not escaped gives back the cells."""
    text = markdown([Table("a title", ("", "loss", "n"), tuple(rows))], [])
    lines = [line for line in text.splitlines() if line.startswith("|")]
    found = [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert found == [["", "loss", "n"], ["---"] * 3, *map(list, rows)]


def test_tables_are_apart_and_the_legend_is_last() -> None:
    """A blank line before each table, without which Markdown sees no table, and the legend after all of them."""
    tables = [Table(title, ("loss",), (("ce",),)) for title in ("iris", "wine")]
    text = markdown(tables, ["* best", "  or near"])
    assert text.index("### iris\n\n| loss |") < text.index("\n\n### wine\n\n| loss |")
    assert text.endswith("\n\n    * best\n      or near\n")
