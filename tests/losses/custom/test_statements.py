from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.losses.custom.conventions import KEYS
from lossbench.losses.custom.statements import check_none_left, split_loss

plain = st.text(st.characters(exclude_characters=":=@", exclude_categories=("C", "Z")), min_size=1)
keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)


@settings(deadline=None, max_examples=25)
@given(plain, st.dictionaries(keys, plain), st.dictionaries(st.sampled_from(KEYS), plain))
def test_parameters_and_statements_are_told_apart(name, given_, stated):
    """What is written with an @ is stated, all else is a parameter, whatever the keys are."""
    pairs = [*given_.items(), *((f"@{key}", value) for key, value in stated.items())]
    spec = ":".join([name, *(f"{key}={value}" for key, value in pairs)])
    assert split_loss(spec) == (name, given_, stated)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(KEYS), plain, st.sampled_from(["huber", "mine.py:f", "huber:delta=2", "scaled:factor=2"]))
def test_a_statement_without_its_colon_is_refused(key, value, before):
    """Behind a name or a value it would be a part of that; the message has the colon."""
    with pytest.raises(BadValue, match=f"a colon belongs before @{key}=; write :@{key}="):
        split_loss(f"{before}@{key}={value}")


def test_an_at_sign_alone_is_no_statement():
    """A folder may have one in its name."""
    assert split_loss("me@home/mine.py:f@2:x=a@b")[:2] == ("me@home/mine.py:f@2", {"x": "a@b"})


def test_what_is_left_is_refused():
    """The message says what may be stated; nothing left is fine."""
    check_none_left({}, "here")
    with pytest.raises(UnknownName, match=r"here: unknown statement '@gets'.* Known: @label, @task"):
        check_none_left({"gets": "raw"}, "here")
