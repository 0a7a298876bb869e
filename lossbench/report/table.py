"""A table of text, before it is known where it will be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

from lossbench.report.figures import NOT_DEFINED


@dataclass(frozen=True)
class Table:
    """A table of text, such as the losses on one data set under one setting.

    Args:
        title: what the rows share.
        columns: headings.
        rows: the cells of each row.
        best: indices of the highlighted rows.
        texts: headings of the text columns, which are left-aligned and wrap; the others hold numbers.
        drops: headings of the columns that a narrow terminal leaves out, in this order.
        whole: headings of the text columns that never wrap.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    best: tuple[int, ...] = ()
    texts: tuple[str, ...] = ("abc", "loss")
    drops: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()

    def without(self, heading: str) -> Table:
        """Return the table without one of its columns."""
        place = self.columns.index(heading)
        rows = tuple((*row[:place], *row[place + 1 :]) for row in self.rows)
        drops = tuple(one for one in self.drops if one != heading)
        return replace(self, columns=(*self.columns[:place], *self.columns[place + 1 :]), rows=rows, drops=drops)

    def empty(self, heading: str) -> bool:
        """Say whether no cell of a column has a value."""
        place = self.columns.index(heading)
        return all(row[place] in ("", NOT_DEFINED) for row in self.rows)

    def without_empty(self, *headings: str) -> Table:
        """Return the table without those of some columns that are empty, which would only take width."""
        empty = [one for one in headings if not any(row[self.columns.index(one)] for row in self.rows)]
        return reduce(Table.without, empty, self)
