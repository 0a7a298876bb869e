"""A table in HTML: caption, headings with scope, and the best rows in bold unless all are best."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lossbench.report.charts.look import Look
from lossbench.report.escape import html as escape
from lossbench.report.html.figure import swatch
from lossbench.report.table import Table

BREAKS = re.compile("([_:=/,])")
PHONE_DROPS = 3  # columns that a phone leaves out


def grid(table: Table, caption: str, looks: Mapping[str, Look], name: str = "loss") -> str:
    """Return a table.

    Args:
        table: its content.
        caption: above it.
        looks: of the losses.
        name: the column that names the rows.
    """
    far = set(table.drops[:PHONE_DROPS]) | ({"n"} & set(table.columns))
    told = [_classes(column, table, far) for column in table.columns]
    heads = "".join(
        f'<th scope="col"{kind}>{escape(column)}</th>' for column, kind in zip(table.columns, told, strict=True)
    )
    differ = 0 < len(table.best) < len(table.rows)
    rows = "".join(
        _row(cells, table, told, name, looks, differ and number in table.best)
        for number, cells in enumerate(table.rows)
    )
    return table_html(caption, heads, rows)


def row_heading(name: str, look: Look | None, kind: str = ' class="text"') -> str:
    """Return the heading cell of a row; a long name may wrap after the punctuation in it."""
    said = BREAKS.sub(r"\1<wbr>", escape(name))
    return f'<th scope="row"{kind}>{swatch(look) if look else ""}{said}</th>'


def table_html(caption: str, heads: str, rows: str, kind: str = "") -> str:
    """Return a table of given header and rows in HTML."""
    named = f' class="{kind}"' if kind else ""
    return (
        f'<div class="table"><div class="wide">\n<table{named}><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div></div>\n"
    )


def _classes(column: str, table: Table, far: set[str]) -> str:
    names = [word for word, on in (("text", column in table.texts), ("far", column in far)) if on]
    return f' class="{" ".join(names)}"' if names else ""


def _row(
    cells: tuple[str, ...], table: Table, told: list[str], name: str, looks: Mapping[str, Look], best: bool
) -> str:
    inner = []
    for column, cell, kind in zip(table.columns, cells, told, strict=True):
        if column == name:
            look = looks.get(cell.partition(" @")[0])
            inner.append(row_heading(cell, look, kind))
        else:
            inner.append(f"<td{kind}>{escape(cell)}</td>")
    kind = ' class="best"' if best else ""
    return f"<tr{kind}>{''.join(inner)}</tr>\n"
