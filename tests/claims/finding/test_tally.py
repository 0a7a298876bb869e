from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import median_high

import pytest
from hypothesis import given

from lossbench.claims.claim import Evidence
from lossbench.claims.finding.tally import Tally

from ..drawn import evidence, shuffled
from ..drawn import lines as units


def counted(supporting=0, opposing=0, equal=0, open_=0):
    """Return so many units of each kind."""
    words = {"reproduced": supporting, "contradicted": opposing, "equivalent": equal, "inconclusive": open_}
    return Tally.of(Evidence(word, "f1") for word, count in words.items() for _ in range(count))


@pytest.mark.parametrize(
    ("counts", "lean"),
    [
        ((9, 1), "holds"),
        ((8, 2), "mostly"),
        ((3, 1), "mostly"),
        ((1, 1), "mixed"),
        ((1, 3), "rarely"),
        ((1, 0, 9), "refuted"),
        ((0, 1), "refuted"),
        ((5, 0, 0, 5), "holds"),
        ((5, 0, 0, 6), "too weak to say"),
        ((0, 0, 0, 1), "too weak to say"),
        ((), "not testable"),
    ],
)
def test_the_words_of_a_count(counts, lean):
    """By the share of the decided units, of which there must be half; within the margin is no support."""
    assert counted(*counts).lean == lean


@given(evidence)
def test_every_unit_is_counted_once(lines):
    """For, against, without a difference or open; what is shown or could not be compared is no unit."""
    tally = Tally.of(lines)
    parts = [*tally.supporting, *tally.opposing, *tally.equal, *tally.open]
    assert sorted(map(repr, parts)) == sorted(map(repr, tally.units))
    assert all(line.role == "unit" and line.verdict != "not testable" for line in tally.units)
    assert tally.decided == len(tally.supporting) + tally.against


@given(shuffled)
def test_the_order_of_the_units_does_not_matter(pair):
    """The same units in any order come to the same word, and to the same middle difference."""
    one, other = map(Tally.of, pair)
    assert one.lean == other.lean
    if one.worst is not None and other.worst is not None:
        assert abs(one.worst.measured) == abs(other.worst.measured)


@given(evidence)
def test_saying_it_twice_changes_no_word(lines):
    """Shares are what counts."""
    assert Tally.of(lines).lean == Tally.of(lines * 2).lean


@given(evidence)
def test_the_worst_case_is_against_and_the_largest(lines):
    """None where nothing is against."""
    tally = Tally.of(lines)
    assert (tally.worst is None) == (not tally.opposing)
    against = Tally.of(replace(line, verdict="contradicted", role="unit") for line in lines)
    assert abs(against.worst.measured) == max(abs(line.measured) for line in lines)


@given(evidence, units)
def test_the_typical_unit_is_the_middle_one_of_what_most_units_measure(found, unmeasured):
    """Of an even number the greater one in the middle; what has no figure has no place among them."""
    tally = Tally.of([*found, *[replace(unmeasured, measured=None)] * 3])
    measured = [(line.quantity, line.measured) for line in tally.units if line.measured is not None]
    assert (tally.typical is None) == (not measured)
    if measured:
        ((most, _),) = Counter(quantity for quantity, _ in measured).most_common(1)
        middle = median_high(size for quantity, size in measured if quantity == most)
        assert (tally.typical.quantity, tally.typical.measured) == (most, middle)


def test_what_would_have_been_seen_follows_from_the_open_intervals():
    """1.43 half-widths: what a test of 5 % sees with a power of 0.8."""
    unit = Evidence("inconclusive", "f1", measured=0.0, low=-0.1, high=0.1)
    assert Tally.of([unit]).visible == pytest.approx(0.143)
    assert counted(3).visible is counted(open_=3).visible is None
