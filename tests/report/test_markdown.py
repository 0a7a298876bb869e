"""Pages of Markdown: every cell where it belongs, the answer first, details folded, and never too long."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.report.markdown import MOST, blocks_that_fit, markdown
from lossbench.report.table import Table

cell_texts = st.text("ab|,:= ±²*_<\\`~[](", max_size=6).map(str.strip)


def plain(cell: str) -> str:
    """Return what Markdown shows of a cell."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell.replace("&lt;", "<"))


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(cell_texts, cell_texts, cell_texts), max_size=4))
def test_every_cell_is_where_it_belongs(rows: list[tuple[str, str, str]]) -> None:
    """Splitting the lines at bars that are not escaped gives back the cells, once nothing is escaped in them."""
    text = markdown([Table("a title", ("", "loss", "n"), tuple(rows))], [])
    lines = [line for line in text.splitlines() if line.startswith("|")]
    found = [[plain(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert found == [["", "loss", "n"], ["---"] * 3, *map(list, rows)]


def test_tables_are_apart_and_the_legend_is_last() -> None:
    """A blank line before each table, without which Markdown sees no table, and the legend after all of them."""
    tables = [Table(title, ("loss",), (("ce",),)) for title in ("iris", "wine")]
    text = markdown(tables, ["* best", "  or near"])
    assert text.index("### iris\n\n| loss |") < text.index("\n\n### wine\n\n| loss |")
    assert text.endswith("\n\n    * best\n      or near\n")


@settings(max_examples=25, deadline=None)
@given(answer=st.lists(cell_texts, min_size=1, max_size=4), tables=st.integers(0, 40), rows=st.integers(0, 60))
def test_a_page_with_an_answer_is_short_enough_for_a_comment(answer: list[str], tables: int, rows: int) -> None:
    """The answer comes first, each table is folded whole or counted, and how to read them is last."""
    some = [Table(f"table {number}", ("loss", "n"), (("ce" * 20, "10" * 20),) * rows) for number in range(tables)]
    text = markdown(some, ["n: seeds"], answer)
    assert len(text.encode()) <= MOST
    assert text.count("<details>") == text.count("</details>")
    shown = sum(f"<summary>table {number}</summary>" in text for number in range(tables))
    said = re.search(r"(\d+) more did not fit here", text)
    assert shown + (int(said[1]) if said else 0) == tables
    assert text.rstrip().endswith("n: seeds\n\n</details>")


@given(st.lists(st.text(max_size=30)), st.integers(80, 200))
def test_what_fits_is_whole_and_what_does_not_is_counted(blocks: list[str], room: int) -> None:
    """Blocks come in their order, from the first on."""
    found = list(blocks_that_fit(blocks, room))
    assert found == blocks or found[:-1] == blocks[: len(found) - 1]
    assert len("\n".join(found).encode()) <= room
