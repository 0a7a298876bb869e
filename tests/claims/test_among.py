from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.among import any_differs, any_of
from lossbench.claims.claim import Evidence

few = settings(deadline=None, max_examples=25)
words = st.lists(st.sampled_from(["reproduced", "contradicted", "inconclusive", "not testable"]), min_size=1)


def lines(words):
    """Return a comparison for each word, each with its own case."""
    return [Evidence(word, "f1", arms=("a", str(index))) for index, word in enumerate(words)]


@few
@given(words)
def test_one_difference_is_enough_and_equality_must_be_shown_everywhere(words):
    """No difference found is not yet equality: an open comparison leaves it open."""
    tried = {word for word in words if word != "not testable"}
    expected = "inconclusive" if tried else "not testable"
    if "contradicted" in tried:
        expected = "reproduced"
    elif tried == {"reproduced"}:
        expected = "contradicted"
    assert any_differs(lines(words)).verdict == expected


@few
@given(words, st.randoms())
def test_the_order_of_the_comparisons_does_not_matter(words, random):
    """The verdict and the note are those of the whole."""
    found, mixed = lines(words), lines(words)
    random.shuffle(mixed)
    assert any_differs(found).verdict == any_differs(mixed).verdict
    assert any_differs(found).note == any_differs(mixed).note


def test_where_nothing_shows_it_nothing_is_decided():
    """A search that finds nothing is no proof that there is nothing."""
    tried = lines(["reproduced", "contradicted"])
    assert any_of([], tried, "differ").verdict == "inconclusive"


def test_the_figures_are_those_of_the_clearest_comparison():
    """The one whose interval is farthest from zero, in its own widths."""
    vague, clear = (Evidence("contradicted", "f1", measured=m, low=m - 1, high=m + 1) for m in (1.5, 4.0))
    assert any_differs([vague, clear]).measured == pytest.approx(4.0)
