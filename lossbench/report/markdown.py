"""Tables as Markdown for CI pages and comments: the answer first, details folded, limited in size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lossbench.report.escape import html
from lossbench.report.escape import markdown as escaped
from lossbench.report.table import Table
from lossbench.visible import visible

MOST = 60_000
"""Bytes of a page; comments on pull requests hold some 65 000."""

LEFT_OUT = "{left} more did not fit here: report.html and summary.csv have all."


def markdown(
    tables: Iterable[Table], legend: Iterable[str], lead: Iterable[str] = (), code: Sequence[str] = ()
) -> str:
    """Return tables and how to read them; if there is an answer, they are folded below it.

    Args:
        tables: in the order of the report.
        legend: how to read them, and remarks, a line each.
        lead: the answer, in paragraphs. Tables beyond `MOST` bytes are left out and counted.
        code: lines of Python that follow the answer.

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
    read = "".join(f"    {visible(line)}\n" for line in legend)
    answer = [*(f"{escaped(one)}\n" for one in lead), *([fenced(code)] if code else [])]
    if not answer:
        return "\n".join([*(f"### {escaped(table.title)}\n\n{_grid(table)}\n" for table in tables), read])
    blocks = [*answer, *(folded(table.title, f"{_grid(table)}\n") for table in tables)]
    below = folded("How to read the tables, and what else to know", read) if read else ""
    return "\n".join([*blocks_that_fit(blocks, MOST - len(below.encode())), below])


def folded(title: str, text: str) -> str:
    """Return a text that unfolds when its title is clicked."""
    return f"<details><summary>{html(title)}</summary>\n\n{text}\n</details>\n"


def fenced(code: Iterable[str]) -> str:
    """Return lines of Python as they are; none of them begins as the end of a block does."""
    return "".join(["```python\n", *(f"{visible(line)}\n" for line in code), "```\n"])


def blocks_that_fit(blocks: Sequence[str], room: int) -> Iterator[str]:
    r"""Yield the blocks that fit into `room` bytes, and then how many do not.

    Example:
        >>> list(blocks_that_fit(["one", "three"], 10))
        ['2 more did not fit here: report.html and summary.csv have all.\n']
    """
    left = room - len(LEFT_OUT) - len(str(len(blocks)))
    for place, block in enumerate(blocks):
        left -= len(block.encode()) + 1
        if left < 0:
            yield LEFT_OUT.format(left=len(blocks) - place) + "\n"
            return
        yield block


def _grid(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(map(escaped, line)) + " |" for line in lines)
