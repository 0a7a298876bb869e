"""Remarks are of a closed set: each topic has its facts and its words."""

from __future__ import annotations

import pickle
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.remark import Remark, Topic
from lossbench.report.words.remark import WORDS, fact_text, words
from lossbench.visible import visible


def test_every_topic_has_words() -> None:
    """What can be remarked can be said."""
    assert set(WORDS) == set(Topic)


@pytest.mark.parametrize("topic", [topic for topic in Topic if isinstance(WORDS[topic][1], str)])
def test_the_words_say_every_fact_and_no_other(topic: Topic) -> None:
    """The names in a topic's text are those of its facts."""
    assert {name for _, name, _, _ in Formatter().parse(WORDS[topic][1]) if name} == set(topic.facts)


@pytest.mark.parametrize("topic", Topic)
def test_a_remark_has_the_facts_of_its_topic(topic: Topic) -> None:
    """One fact too few or too many is refused where the remark is made, and not hours later where it is said."""
    facts = dict.fromkeys(topic.facts, "x")
    assert topic(**facts) == Remark(topic, facts)
    for wrong in ({**facts, "other": 1}, dict(list(facts.items())[1:]) if facts else {"other": 1}):
        with pytest.raises(AssertionError, match=topic.name):
            topic(**wrong)


@given(text=st.text())
def test_a_fact_is_said_as_it_is(text: str) -> None:
    """Braces and quotes of a name or a reason are no markup; what cannot be seen is written out."""
    assert words(Topic.FAILED(failure=text)) == visible(f"failed   {text}")


def test_equal_remarks_are_one() -> None:
    """Remarks are told apart by topic and facts, in another process too."""
    first, again = (Topic.CLASSES(column="y", counts=(("a", 1), ("b", 2))) for _ in range(2))
    other = Topic.CONSTANT_COLUMN(column="y"), Topic.QUANTITY(column="y")
    assert list(dict.fromkeys([first, *other, again])) == [first, *other]
    assert pickle.loads(pickle.dumps(first)) == first


def test_several_things_are_listed() -> None:
    """Commas stand between things, spaces within them; numbers are as short as they can be."""
    assert fact_text((("huber:delta=1.35", 1.0), ("mse", 1e-05))) == "huber:delta=1.35 1, mse 1e-05"
    assert fact_text(Topic.NO_CURVES()) == words(Topic.NO_CURVES())
