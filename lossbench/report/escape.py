"""Escaping of text for HTML, Markdown and LaTeX, so that none of it is read as markup."""

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
"""What Markdown would read as markup."""


def html(text: str) -> str:
    """Escape a text for HTML and SVG, attributes included."""
    return python_html.escape(visible(text))


def markdown(text: str) -> str:
    r"""Escape a text for Markdown, in a heading or in a table cell.

    Example:
        >>> print(markdown("a|b <b> log_cosh _x_ 2 * 3"))
        a\|b &lt;b> log_cosh \_x\_ 2 * 3
    """
    return MARKUP.sub(lambda found: "&lt;" if found[0] == "<" else f"\\{found[0]}", visible(text))


TEX = {
    **{mark: f"\\{mark}" for mark in "{}$&#_%"},
    **{mark: f"{{{mark}}}" for mark in "[]*"},  # after a line break in a table they would be its options
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    '"': r"\char34{}",  # \textquotedbl is missing in the OT1 encoding
    "±": r"$\pm$",
    "²": "$^2$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "−": "$-$",
    "…": r"\dots{}",
}
"""Replacements for what LaTeX reads as markup, or lacks in common fonts."""

LIGATURES = re.compile("(?<=-)-|(?<=,),")
"""Characters that LaTeX would join with the one before."""


def latex(text: str) -> str:
    r"""Escape a text for LaTeX, in a paragraph, a caption or a table cell.

    Example:
        >>> print(latex("log_cosh:c=50% ±1"))
        log\_cosh:c=50\% $\pm$1
    """
    shown = LIGATURES.sub(lambda found: f"\0{found[0]}", visible(text))  # visible text has no NUL
    return "".join("{}" if mark == "\0" else TEX.get(mark, mark) for mark in shown)
