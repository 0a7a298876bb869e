"""A page as one file: its head, its style, its contents and its script. Nothing on it comes from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lossbench.report.charts.look import Look
from lossbench.report.escape import html as escape


@dataclass(frozen=True)
class Section:
    """A part of a page that its contents name.

    Args:
        key: its address on the page.
        name: in the contents.
        title: its heading, in HTML.
        body: what follows, in HTML.
    """

    key: str
    name: str
    title: str
    body: str

    def __str__(self) -> str:
        return f'<section id="{self.key}">\n<h2>{self.title}</h2>\n{self.body}\n</section>\n'


def document(title: str, below: str, top: str, sections: Sequence[Section], looks: Iterable[Look] = ()) -> str:
    """Return a page.

    Args:
        title: of the page, for a browser's tab too.
        below: stands below the title in one line.
        top: in HTML, stands before the contents.
        sections: in their order.
        looks: of everything that is drawn.
    """
    rules = "".join(look.rule for look in looks)
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'
        f"<title>{escape(title)}</title><style>{part('style.css')}{rules}</style>"
    )
    header = f"<header>\n<h1>{escape(title)}</h1>\n<p>{escape(below)}</p>\n</header>\n"
    main = f"<main>\n{top}\n{contents(sections)}{''.join(map(str, sections))}</main>\n"
    script = f"<script>{part('script.js')}</script>\n"
    body = f"<body>\n{header}{main}{script}</body>\n"
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n{body}</html>\n'


def contents(sections: Sequence[Section]) -> str:
    """Return the list of the sections."""
    items = "".join(f'<li><a href="#{one.key}">{escape(one.name)}</a></li>' for one in sections)
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>\n'


@cache
def part(name: str) -> str:
    """Return a file that lies beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Return what a browser may do on the page: show it, and run this one script."""
    digest = base64.b64encode(hashlib.sha256(part("script.js").encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"


def paragraph(text: str) -> str:
    """Return a text as a paragraph."""
    return f"<p>{escape(text)}</p>\n"


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return names with what is said of each; a name that repeats stands once."""
    parts, before = [], ""
    for name, said in rows:
        parts.append(("" if name == before else f"<dt>{escape(name)}</dt>") + f"<dd>{escape(said)}</dd>\n")
        before = name
    return f"<dl>\n{''.join(parts)}</dl>\n" if parts else ""
