"""What a notebook shows is the page of the report, in a frame that nothing leaves."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.notebook import framed, plain_page
from lossbench.report.tables import Table
from lossbench.visible import visible

texts = st.text("<>&\"';ab #") | st.text()


@given(texts, texts)
def test_the_frame_holds_the_page(said: str, page: str) -> None:
    """A browser reads the whole page back from the frame, and nothing of it stands outside as markup."""
    shown = framed([said], page)
    (inside,) = re.findall(r'srcdoc="([^"]*)"', shown)
    assert html.unescape(inside) == html.unescape(page.replace("&", "&amp;"))
    outside = shown.replace(inside, "") if inside else shown
    assert re.findall(r"</?[a-z]+", outside) == ["<div", "<p", "</p", "<iframe", "</iframe", "</div"]


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=3))
def test_a_page_of_tables_holds_every_cell(rows: list[tuple[str, str]]) -> None:
    """Each cell is shown as what can be seen of it."""
    page = plain_page([Table("of texts", ("a", "b"), tuple(rows))], ["How to read it."])
    cells = [html.unescape(cell) for cell in re.findall(r"<td>([^<]*)</td>", page)]
    assert cells == [html.unescape(html.escape(visible(cell))) for row in rows for cell in row]
