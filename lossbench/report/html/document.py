"""A page as one self-contained file: head, style, contents and script."""

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
    """A section of a page, listed in its contents."""

    key: str
    name: str
    title: str
    body: str

    def __str__(self) -> str:
        return f'<section id="{self.key}">\n<h2>{self.title}</h2>\n{self.body}\n</section>\n'


def document(title: str, subtitle: str, top: str, sections: Sequence[Section], looks: Iterable[Look]) -> str:
    """Return a page."""
    rules = "".join(look.rule for look in looks)
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_security_policy()}">'
        f"<title>{escape(title)}</title><style>{asset('style.css')}{rules}</style>"
    )
    header = f"<header>\n<h1>{escape(title)}</h1>\n<p>{escape(subtitle)}</p>\n</header>\n"
    main = f"<main>\n{top}\n{contents(sections)}{''.join(map(str, sections))}</main>\n"
    script = f"<script>{asset('script.js')}</script>\n"
    body = f"<body>\n{header}{main}{script}</body>\n"
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n{body}</html>\n'


def contents(sections: Sequence[Section]) -> str:
    """Return the list of contents."""
    items = "".join(f'<li><a href="#{one.key}">{escape(one.name)}</a></li>' for one in sections)
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>\n'


@cache
def asset(name: str) -> str:
    """Return the text of a file beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def content_security_policy() -> str:
    """Return the policy for browsers: the page may be shown, and may run only its own script."""
    digest = base64.b64encode(hashlib.sha256(asset("script.js").encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"


def paragraph(text: str) -> str:
    """Return a text as an HTML paragraph."""
    return f"<p>{escape(text)}</p>\n"


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return a definition list; a name that repeats is shown once."""
    parts, before = [], ""
    for name, said in rows:
        parts.append(("" if name == before else f"<dt>{escape(name)}</dt>") + f"<dd>{escape(said)}</dd>\n")
        before = name
    return f"<dl>\n{''.join(parts)}</dl>\n" if parts else ""
