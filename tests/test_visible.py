"""A text that is shown has no character that a terminal obeys or a reader does not see."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue
from lossbench.losses.custom.register import check_name
from lossbench.remark import Topic
from lossbench.report.words.remark import words
from lossbench.spec import split_spec
from lossbench.visible import HIDDEN, hides, visible

texts = st.text(st.characters())
HOSTILE = ("\x1b[31m", "\x9b31m", "\u202e", "\u200b", "\ufeff", "\n", "\r", "\0", "\udcff", "\u2028", "\ufffe")


@given(texts)
def test_nothing_is_hidden_and_nothing_written_twice(text: str) -> None:
    """Whatever the text; what is shown can be encoded, and is shown as it is."""
    seen = visible(text)
    assert {unicodedata.category(character) for character in seen}.isdisjoint(HIDDEN)
    assert visible(seen) == seen == seen.encode().decode()
    assert hides(text) == (seen != text)


@pytest.mark.parametrize("text", ["R² ≥ 0, Übergröße", "my loss\u00a0", "a\\x1b", "日本語", "π/2 ± 1"])
def test_what_can_be_seen_stays(text: str) -> None:
    """Every language's letters, and blanks of any width."""
    assert visible(text) == text


@pytest.mark.parametrize("mark", HOSTILE)
def test_a_name_is_refused_and_a_message_shows_it(mark: str) -> None:
    """In a spec or a label it could not be told from another; an error and a remark that quote it can be shown."""
    for refused in (lambda: split_spec(f"a{mark}b.csv:target=y"), lambda: check_name(f"a{mark}b")):
        with pytest.raises(BadValue) as caught:
            refused()
        assert not hides(str(caught.value))
    assert not hides(words(Topic.FAILED(failure=f"it raised {mark}")))
