"""Text that can be shown: without a character that a terminal obeys, or that a reader does not see."""

from __future__ import annotations

import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control, format (such as what turns the direction of writing), half characters, ends of lines and paragraphs."""

NOT_XML = "\ufffe\uffff"


def visible(text: str) -> str:
    r"""Return a text with all that cannot be seen written out, as Python writes it; nothing is written out twice.

    Other people's text goes through here before it reaches a terminal or a file: a name, a cell, the message of
    an exception.

    Example:
        >>> print(visible("a\x1b[31m\u202eb\n"), visible("R² ≥ 0"))
        a\x1b[31m\u202eb\n R² ≥ 0
    """
    return text if text.isprintable() else "".join(map(_written, text))


def hides(text: str) -> bool:
    """Say whether a text has a character that cannot be seen."""
    return visible(text) != text


def _written(character: str) -> str:
    hidden = unicodedata.category(character) in HIDDEN or character in NOT_XML
    return character.encode("unicode_escape").decode() if hidden else character
