"""Nothing of other people's text is taken for markup."""

from __future__ import annotations

import html as python_html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.escape import html, markdown
from lossbench.visible import visible

texts = st.text("<>&;|`*_~[](\\#lt! ab/\"'") | st.text()


@given(texts)
def test_html_shows_the_text(text: str) -> None:
    """A browser reads back what can be seen of it, in an attribute too."""
    assert python_html.unescape(html(text)) == python_html.unescape(python_html.escape(visible(text)))
    assert not set(html(text)) & set("<>\"'")


@given(texts)
def test_markdown_shows_the_text(text: str) -> None:
    """No tag, no cell, no code begins in it; undone, it is what can be seen of the text."""
    written = markdown(text)
    assert not re.search(r"<[A-Za-z/!?]", written)
    assert not re.search(r"(?<!\\)(\\\\)*[|`]", written)
    undone = re.sub(r"\\([!-/:-@\[-`{-~])|&lt;", lambda found: found[1] or "<", written)
    assert undone == visible(text).replace("&lt;", "<") or "&" in text


@pytest.mark.parametrize("text", ["log_cosh", "huber:delta=1.35", "11 [9, 17]", ">100", "~", "<", "*", "0.5 ±0.1"])
def test_what_means_nothing_is_left_alone(text: str) -> None:
    """Names and figures can be read as they are."""
    assert markdown(text) == text
