"""Other people's text in a page: nothing of it is taken for markup."""

from __future__ import annotations

import html as python_html
import re

from lossbench.visible import visible

MARKUP = re.compile(
    r"""[|`]                             # ends a cell, begins code
    | <(?=[A-Za-z/!?])                   # begins a tag, a comment or an address
    | &(?=\#?\w+;)                       # begins the name of a character
    | \\(?=[!-/:-@\[-`{-~])              # takes the meaning of what follows
    | \](?=[(\[:])                       # ends the text of a link
    | [*~](?=\S) | (?<=\S)[*~]           # emphasis, struck out
    | (?<!\w)_(?=\S) | (?<=\S)_(?!\w)    # likewise, though not inside a word: log_cosh
    """,
    re.VERBOSE,
)
"""What means something to Markdown where it stands."""


def html(text: str) -> str:
    """Return a text as HTML and SVG show it, in an attribute too."""
    return python_html.escape(visible(text))


def markdown(text: str) -> str:
    r"""Return a text as Markdown shows it, in a heading or in the cell of a table.

    Example:
        >>> print(markdown("a|b <b> log_cosh _x_ 2 * 3"))
        a\|b &lt;b> log_cosh \_x\_ 2 * 3
    """
    return MARKUP.sub(lambda found: "&lt;" if found[0] == "<" else f"\\{found[0]}", visible(text))
