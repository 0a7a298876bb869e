"""Tables in Markdown, for a pull request or the summary of a CI job."""

from __future__ import annotations

from collections.abc import Iterable

from lossbench.report.tables import Table


def markdown(tables: Iterable[Table], legend: Iterable[str]) -> str:
    """Return the tables and how to read them.

    Example:
        >>> print(markdown([Table("iris", ("loss", "n"), (("ce", "10"),))], ["n: seeds"]))
        ### iris
        <BLANKLINE>
        | loss | n |
        | --- | --- |
        | ce | 10 |
        <BLANKLINE>
            n: seeds
        <BLANKLINE>
    """
    blocks = [f"### {table.title}\n\n{_grid(table)}\n" for table in tables]
    return "\n".join([*blocks, "".join(f"    {line}\n" for line in legend)])


def _grid(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)
