"""Other people's text in a page or a paper: nothing of it is taken for markup."""

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


TEX = {
    **{mark: f"\\{mark}" for mark in "{}$&#_%"},
    **{mark: f"{{{mark}}}" for mark in "[]*"},  # after the end of a row they would be its options
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    '"': r"\char34{}",  # \textquotedbl lacks in the oldest encoding
    "±": r"$\pm$",
    "²": "$^2$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "−": "$-$",
    "…": r"\dots{}",
}
"""What LaTeX would take for markup, or in common fonts has no sign for, and what it shows for it."""

LIGATURES = re.compile("(?<=-)-|(?<=,),")
"""Marks that LaTeX would join with the one before."""


def latex(text: str) -> str:
    r"""Return a text as LaTeX shows it, in a paragraph, in a caption or in the cell of a table.

    Example:
        >>> print(latex("log_cosh:c=50% ±1"))
        log\_cosh:c=50\% $\pm$1
    """
    shown = LIGATURES.sub(lambda found: f"\0{found[0]}", visible(text))  # no text that is shown has a NUL
    return "".join("{}" if mark == "\0" else TEX.get(mark, mark) for mark in shown)
