"""A reader of the little LaTeX that lossbench writes; it knows nothing of how it is written."""

from __future__ import annotations

import re

SHOWN = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textasciigrave{}": "`",
    r"\textquotesingle{}": "'",
    r"\char34{}": '"',
    r"\dots{}": "…",
    r"$\pm$": "±",
    "$^2$": "²",
    r"$\geq$": "≥",
    r"$\leq$": "≤",
    "$-$": "−",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    "{}": "",
    **{f"\\{mark}": mark for mark in "{}$&#_%"},
}
"""What each piece shows."""

PIECE = re.compile("|".join(map(re.escape, sorted(SHOWN, key=len, reverse=True))))
SPECIAL = set("\\{}$&#_%~^")


def shown(text: str) -> str:
    """Return what LaTeX prints of an escaped text; nothing in it may be markup."""
    bare = PIECE.sub("", text)
    assert not SPECIAL & set(bare), bare
    assert not re.search(r"--|,,|\?`|!`|``|''", text)
    return PIECE.sub(lambda found: SHOWN[found[0]], text)


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of every row of the tables in a text, headings too."""
    lines = [line.strip() for line in text.splitlines() if line.endswith(r" \\") and r"\caption" not in line]
    return [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines]


def balanced(text: str) -> bool:
    """Say whether braces, dollars and environments of a text are closed as they were opened."""
    bare = re.sub(r"\\[{}$%]", "", "\n".join(line for line in text.splitlines() if not line.startswith("%")))
    depth = 0
    for mark in bare:
        depth += {"{": 1, "}": -1}.get(mark, 0)
        assert depth >= 0
    opened, closed = (re.findall(rf"\\{word}\{{(\w+)\}}", bare) for word in ("begin", "end"))
    return depth == 0 and bare.count("$") % 2 == 0 and sorted(opened) == sorted(closed)
