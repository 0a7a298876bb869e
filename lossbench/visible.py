"""Make text safe to show: escape control characters and characters that a reader cannot see."""

from __future__ import annotations

import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories: control, format (as for writing direction), surrogate, line and paragraph separators."""

NOT_XML = "\ufffe\uffff"


def visible(text: str) -> str:
    r"""Escape the characters of a text that cannot be seen, as Python does; a second call changes nothing.

    All foreign text goes through this before it reaches a terminal or a file: names, cells, messages of
    exceptions.

    Example:
        >>> print(visible("a\x1b[31m\u202eb\n"), visible("R² ≥ 0"))
        a\x1b[31m\u202eb\n R² ≥ 0
    """
    return text if text.isprintable() else "".join(map(_escaped, text))


def hides(text: str) -> bool:
    """Say whether a text has a character that cannot be seen."""
    return visible(text) != text


def _escaped(character: str) -> str:
    hidden = unicodedata.category(character) in HIDDEN or character in NOT_XML
    return character.encode("unicode_escape").decode() if hidden else character
