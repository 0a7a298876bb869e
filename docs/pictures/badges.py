"""The badges of the README, each a fact that pyproject.toml holds the project to."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
BESIDE, LETTER, HEIGHT = 10, 6.6, 20
"""Pixels beside a text, of a letter, and of a badge."""


def facts() -> dict[str, str]:
    """Return what is said: the Pythons it runs on, the branches that tests reach at least, and the licence."""
    stated = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    floor = stated["tool"]["coverage"]["report"]["fail_under"]
    return {
        "python": stated["project"]["requires-python"].replace(">=", "≥ "),
        "coverage": f"≥ {floor} %",
        "licence": stated["project"]["license"],
    }


def badges() -> str:
    """Return all badges side by side, as SVG."""
    boxes, left = [], 0.0
    for name, value in facts().items():
        for text, colour in ((name, "#555"), (value, "#2f6f8f")):
            wide = 2 * BESIDE + LETTER * len(text)
            boxes.extend(box(text, colour, left, wide))
            left += wide
        left += BESIDE
    size = f'width="{left - BESIDE:.0f}" height="{HEIGHT}"'
    said = escape(", ".join(f"{name} {value}" for name, value in facts().items()))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}" font-size="11"'
    return "\n".join([f'{head} font-family="Verdana, sans-serif" fill="#fff">', *boxes, "</svg>", ""])


def box(text: str, colour: str, left: float, wide: float) -> Iterator[str]:
    """Yield a rectangle, and the text in its middle."""
    yield f'<rect x="{left:.1f}" width="{wide:.1f}" height="{HEIGHT}" fill="{colour}"/>'
    yield f'<text x="{left + wide / 2:.1f}" y="14" text-anchor="middle">{escape(text)}</text>'
