"""A table as lines that fit a width: columns drop out and prose is shortened, but no row breaks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import TextWrapper

from rich.cells import cell_len, set_cell_size

from lossbench.visible import visible

GAP = 2  # blanks between columns
LEAST = 8  # characters that a name keeps at any width


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        heading: above it.
        cells: one for each row.
        right: whether it is right-aligned, as numbers are.
        drop: its order in dropping out when width is short, the highest first; 0 to stay.
        least: the width to which its prose may be shortened; None for names and numbers, which are never cut.
    """

    heading: str
    cells: Sequence[str]
    right: bool = False
    drop: int = 0
    least: int | None = None

    @property
    def natural_width(self) -> int:
        """The width of its longest cell."""
        return max(map(cell_len, [self.heading, *self.cells]))

    @property
    def needed_width(self) -> int:
        """The smallest width that it accepts."""
        return (
            self.natural_width
            if self.least is None
            else min(self.natural_width, max(self.least, cell_len(self.heading)))
        )

    def lines(self, width: int) -> list[str]:
        """Return heading and cells, padded or shortened to a width."""
        cut = [shortened(cell, width) for cell in [self.heading, *self.cells]]
        return [
            " " * (width - cell_len(cell)) + cell if self.right else set_cell_size(cell, width) for cell in cut
        ]


def grid(columns: Sequence[Column], width: int, indent: int = 0, headed: bool = True) -> list[str]:
    r"""Return a table as lines, none of which is longer than the width or ends in blanks.

    Args:
        columns: from left to right; columns with only empty cells are left out.
        width: of the terminal.
        indent: blanks before each line.
        headed: whether to show the headings.

    Example:
        >>> names, figures = Column("name", ["a", "b"]), Column("n", ["1", "20"], right=True)
        >>> print("\n".join(grid([names, figures, Column("x", ["more"] * 2, drop=1)], 10)))
        name   n
        a      1
        b     20
    """
    shown = [replace(one, cells=tuple(map(visible, one.cells))) for one in columns if any(one.cells)]
    kept = columns_that_fit(shown, width - indent)
    if not kept:
        return []
    cells = [one.lines(size) for one, size in zip(kept, column_widths(kept, width - indent), strict=True)]
    rows = ["".join([" " * indent, (" " * GAP).join(row)]).rstrip() for row in zip(*cells, strict=True)]
    return rows if headed else rows[1:]


def columns_that_fit(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit a width, after dropping one after the other."""
    kept = list(columns)
    while room(kept, width) < 0 and any(one.drop for one in kept):
        kept.remove(max(kept, key=lambda one: one.drop))
    return kept


def room(columns: Sequence[Column], width: int) -> int:
    """Return the width that is left over; negative if there is too little."""
    return width - sum(one.needed_width for one in columns) - GAP * (len(columns) - 1)


def column_widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return the width of each column; spare width goes to prose, a shortage is taken from the widest."""
    found, left = [one.needed_width for one in columns], room(columns, width)
    for number, one in enumerate(columns):
        more = min(one.natural_width - found[number], max(left, 0))
        found[number] += more
        left -= more
    while left < 0 and max(found) > LEAST:
        widest = found.index(max(found))
        found[widest] -= 1
        left += 1
    return found


def shortened(text: str, width: int) -> str:
    """Return a text that fits, cut after a whole word and never inside a number, with "…" at the end.

    Example:
        >>> shortened("a gap of 0.25 or more", 12), shortened("set:positives=0.238", 16)
        ('a gap of…', 'set:positives=…')
    """
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, width - 1)
    if not text[len(head) :].startswith(" ") and " " in head.strip():
        head = head.rpartition(" ")[0]
    cut_number = text[len(head) : len(head) + 1] in tuple("0123456789.,")
    head = re.sub(r"[\d.,]+$", "", head) if cut_number else head
    return f"{head.rstrip(' ,;:(')}…"


def labelled(name: str, text: str, width: int, indent: int = 0, column: int = 10) -> list[str]:
    r"""Return a text beside its name, wrapped between words.

    Example:
        >>> print("\n".join(labelled("answer", "Holds: in 8 of 9 cases.", 24)))
        answer    Holds: in 8 of
                  9 cases.
    """
    head = f"{' ' * indent}{name:<{column}}" if name else " " * (indent + column)
    below = " " * (indent + column)
    filled = TextWrapper(width, head, below, break_on_hyphens=False, break_long_words=False)
    return filled.wrap(visible(text))
