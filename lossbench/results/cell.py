"""A text in a cell of a CSV file: all of it can be seen, and no spreadsheet takes it for a formula."""

from __future__ import annotations

import re

from lossbench.visible import visible

FORMULA = re.compile(r"'*[=+\-@＝＋－＠].")
"""How a formula begins, behind as many marks as there are; one character alone is none."""


def to_cell(text: str) -> str:
    """Return the cell of a text: with a mark before what a spreadsheet would compute, as it asks for.

    Example:
        >>> to_cell("=1+1"), to_cell("-0.5"), to_cell("mse")
        ("'=1+1", '-0.5', 'mse')
    """
    seen = visible(text)
    return f"'{seen}" if _computes(seen) else seen


def from_cell(cell: str) -> str:
    """Return the text that a cell was made of.

    Example:
        >>> from_cell(to_cell("=1+1")), from_cell("'quoted'")
        ('=1+1', "'quoted'")
    """
    return visible(cell[1:] if cell.startswith("'") and _computes(cell[1:]) else cell)


def _computes(text: str) -> bool:
    """Say whether a text is computed; a number is not. Marks before it do not count, so that it can be undone."""
    try:
        float(text.lstrip("'"))
    except ValueError:
        return bool(FORMULA.match(text))
    return False
