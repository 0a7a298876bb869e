"""What a notebook shows of a run: the answer, and the page of the report in a frame of its own."""

from __future__ import annotations

from collections.abc import Iterable

from lossbench.report.escape import html as escape
from lossbench.report.tables import Table

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; color: #222; margin: 1em }
h2 { font-size: 1.1em } table { border-collapse: collapse }
th, td { padding: .2em .8em .2em 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd }
"""

HEIGHT = 640
"""Pixels that are seen of a page at once."""


def framed(answer: Iterable[str], page: str) -> str:
    """Return the answer, and under it a page that neither its style nor its script leaves.

    Where a viewer shows no frames, as on the pages of a repository, the answer is left.

    Args:
        answer: paragraphs.
        page: a whole page in HTML.
    """
    said = "".join(f"<p>{escape(one)}</p>" for one in answer)
    inside = page.replace("&", "&amp;").replace('"', "&quot;")
    frame = (
        f'<iframe title="lossbench report" sandbox="allow-scripts allow-downloads" width="100%" height="{HEIGHT}" '
        f'style="border:1px solid #ccc;background:#fff" srcdoc="{inside}"></iframe>'
    )
    return f"<div>{said}{frame}</div>"


def plain_page(tables: Iterable[Table], legend: Iterable[str]) -> str:
    """Return a page of tables of text."""
    grids = "".join(f"<h2>{escape(table.title)}</h2>\n{grid(table)}" for table in tables)
    said = "".join(f"<p>{escape(one)}</p>" for one in legend)
    return f"<style>{STYLE}</style>{grids}{said}"


def grid(table: Table) -> str:
    """Return a table in HTML."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
