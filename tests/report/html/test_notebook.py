"""What a notebook shows is the page of the report, in a frame that nothing leaves."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.html.notebook import framed

texts = st.text("<>&\"';ab #") | st.text()


def test_links_stay_within_the_page() -> None:
    """A page that has a head is told where its own parts are."""
    shown = html.unescape(
        framed(["said"], '<!doctype html><html><head></head><body><a href="#a">a</a></body></html>')
    )
    assert '<head><base href="about:srcdoc"></head>' in shown


@given(texts, texts)
def test_the_frame_holds_the_page(said: str, page: str) -> None:
    """A browser reads the whole page back from the frame, and nothing of it stands outside as markup."""
    shown = framed([said], page)
    (inside,) = re.findall(r'srcdoc="([^"]*)"', shown)
    assert html.unescape(inside) == html.unescape(page.replace("&", "&amp;"))
    outside = re.sub(r'srcdoc="[^"]*"', "", shown)
    assert re.findall(r"</?[a-z]+", outside) == ["<div", "<p", "</p", "<iframe", "</iframe", "</div"]
