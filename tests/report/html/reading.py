"""What tests read off a page: its cells, its words, its sections and its pictures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

EMPTY = {"meta", "br", "wbr"}


class Balance(HTMLParser):
    """Follows the tags that are open, and refuses one that closes another."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        found = dict(attrs)
        self.ids += [str(found["id"])] if "id" in found else []
        self.links += [str(found["href"])] if "href" in found else []
        if tag in {"td", "th", "h2"}:
            self.cells.append("")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        self.handle_starttag(tag, attrs)
        self.open = self.open[:-1]

    def handle_endtag(self, tag: str) -> None:  # noqa: D102
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:  # noqa: D102
        if {"td", "th", "h2"} & set(self.open):
            self.cells[-1] += data


def read(text: str) -> Balance:
    """Return the parsed page; every tag is closed."""
    parser = Balance()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def seen(text: str) -> str:
    """Return what a browser shows of some HTML."""
    return unescape(re.sub("<(script|style)>.*?</\\1>|<[^>]*>", "", text, flags=re.DOTALL))


def pictures(text: str) -> Iterator[ET.Element]:
    """Yield the pictures of some HTML; each of them is well-formed."""
    for found in re.findall("<svg.*?</svg>", text, re.DOTALL):
        yield ET.fromstring(found)


def sections(text: str) -> dict[str, str]:
    """Return the sections of a page by their address."""
    return dict(re.findall(r'<section id="(\w+)"(.*?)</section>', text, re.DOTALL))
