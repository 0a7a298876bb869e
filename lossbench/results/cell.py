"""Text in cells of CSV files: invisible characters are escaped, and no spreadsheet takes it for a formula."""

from __future__ import annotations

import re

from lossbench.visible import visible

FORMULA = re.compile(r"'*[=+\-@＝＋－＠].")
"""A formula, after any number of quote marks; a single character is not one."""


def to_cell(text: str) -> str:
    """Return a text as a cell; a quote mark before it keeps a spreadsheet from computing it.

    Example:
        >>> to_cell("=1+1"), to_cell("-0.5"), to_cell("mse")
        ("'=1+1", '-0.5', 'mse')
    """
    seen = visible(text)
    return f"'{seen}" if _is_formula(seen) else seen


def from_cell(cell: str) -> str:
    """Return the text that a cell was made from.

    Example:
        >>> from_cell(to_cell("=1+1")), from_cell("'quoted'")
        ('=1+1', "'quoted'")
    """
    return visible(cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell)


def _is_formula(text: str) -> bool:
    """Say whether a text is a formula, and no number; leading marks are skipped, so that they can be undone."""
    try:
        float(text.lstrip("'"))
    except ValueError:
        return bool(FORMULA.match(text))
    return False
