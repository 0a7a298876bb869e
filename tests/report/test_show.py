"""Every command prints by one rule: what is exported as it is, and else the tables with their words."""

from __future__ import annotations

import pytest

from lossbench.report.markdown import markdown
from lossbench.report.show import show
from lossbench.report.tables import Table

TABLE = Table("iris", ("loss", "n"), (("ce", "10"),))


@pytest.mark.parametrize("form", ["csv", "markdown", "anything"])
def test_an_export_is_printed_to_the_byte(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No table, legend or newline is added; a command's own Markdown goes before that of the tables."""
    show(form, [TABLE], ["n: seeds"], ["a remark"], **{form: lambda: "a,b\n"})
    assert capsys.readouterr().out == "a,b\n"


def test_markdown_is_made_of_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """Tables, legend and remarks, in this order."""
    show("markdown", [TABLE], ["n: seeds"], ["a remark"], csv=lambda: "")
    assert capsys.readouterr().out == markdown([TABLE], ["n: seeds", "a remark"])


@pytest.mark.parametrize("form", [None, "table"])
def test_a_person_gets_tables_and_words(form: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """The same order on a terminal; nothing is exported that is not asked for."""
    show(form, [TABLE], ["n: seeds"], ["a remark"], csv=pytest.fail)
    out = capsys.readouterr().out
    places = [out.index(part) for part in ("iris", "ce", "n: seeds", "a remark")]
    assert places == sorted(places)
