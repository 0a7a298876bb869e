from __future__ import annotations

import pytest
from hypothesis import given

from lossbench.claims.claim import Evidence
from lossbench.claims.finding.axes import AXES, by_value, separation, sum_of
from lossbench.claims.finding.tally import Tally

from ..drawn import evidence, shuffled


def named(lines):
    """Return the name of the axis that separates some lines; None where none does."""
    split = separation(Tally.of(lines))
    return split.axis.name if split else None


def clean_or_not(for_clean, for_dirty):
    """Return two units on each of two data sets, clean and contaminated, with a word for each state."""
    dirty = {"contamination": "target", "shares": (0.1,)}
    return [
        Evidence(word, "r2", dataset=dataset, **facts)
        for dataset in ("diabetes", "friedman1")
        for word, facts in ((for_clean, {}), (for_dirty, dirty))
    ]


def test_what_holds_on_clean_data_and_not_on_contaminated_depends_on_that():
    """And the two sides are named."""
    split = separation(Tally.of(clean_or_not("reproduced", "contradicted")))
    assert split.axis.name == "clean or contaminated data"
    assert list(split.holds) == ["on clean data"]
    assert list(split.refuted) == ["on contaminated data"]


@pytest.mark.parametrize(
    ("name", "here", "there", "sides"),
    [
        (
            "the kind of outlier",
            {"contamination": "target", "shares": (0.1,)},
            {"contamination": "label", "shares": (0.1,)},
            ("with targets moved up", "with labels flipped"),
        ),
        (
            "the share of outliers",
            {"contamination": "label", "shares": (0.1, 0.2)},
            {"contamination": "label", "shares": (0.4,)},
            ("with 20 % contaminated", "with 40 % contaminated"),
        ),
        ("the rate", {"rates": (0.1,)}, {"rates": (0.01, 1.0)}, ("at rate 0.1", "at rate 0.01 against 1")),
        ("the rate", {}, {"rates": (0.1,)}, ("", "at rate 0.1")),
        ("the reading", {"arms": ("bce", "mse")}, {"arms": ("mae",)}, ("for bce against mse", "for mae")),
        ("the data set", {"dataset": "iris"}, {}, ("on iris", "")),
    ],
)
def test_the_axis_in_which_the_sides_differ_is_named(name, here, there, sides):
    """And each side by its own value."""
    lines = [Evidence("reproduced", "f1", **here), Evidence("contradicted", "f1", **there)] * 2
    split = separation(Tally.of(lines))
    assert (split.axis.name, *split.holds, *split.refuted) == (name, *sides)


def test_clean_data_are_called_so_on_every_axis_of_contamination():
    """Whether they are, by which kind, and by how much."""
    assert [axis.value(Evidence("reproduced", "f1")) for axis in AXES[:3]] == ["on clean data"] * 3


def test_what_agrees_everywhere_depends_on_nothing():
    """There are no two sides."""
    assert not any(by_value(Tally.of([Evidence("reproduced", "f1")] * 4), axis) for axis in AXES)
    assert named(clean_or_not("reproduced", "reproduced")) is None
    assert named(clean_or_not("reproduced", "inconclusive")) is None


def test_one_unit_a_value_is_no_axis():
    """So few would be separated by anything."""
    lines = [Evidence(word, "f1", dataset=word) for word in ("reproduced", "contradicted")]
    assert named(lines) is None
    assert named(lines * 2) == "the data set"
    assert named([*lines, *lines[:1] * 3]) is None


@given(evidence)
def test_an_open_unit_is_on_no_side(lines):
    """Where it alone has a value, the axis separates what it would without."""
    alone = separation(Tally.of(lines))
    beside = separation(Tally.of([*lines, Evidence("inconclusive", "brier", dataset="elsewhere", rates=(0.5,))]))
    assert (alone is None) == (beside is None)
    if alone is not None:
        assert (alone.axis, *alone.holds, *alone.refuted) == (beside.axis, *beside.holds, *beside.refuted)


def test_half_for_and_half_against_does_not_hold():
    """A value that says neither is not named among those where a claim holds."""
    clear = [Evidence("reproduced", "f1")] * 20 + [Evidence("contradicted", "accuracy")] * 20
    split = separation(Tally.of([*clear, Evidence("reproduced", "brier"), Evidence("contradicted", "brier")]))
    assert list(split.holds) == ["in F1"]
    assert len(split.refuted) == 2


def test_an_axis_that_is_wrong_in_one_of_five_does_not_separate():
    """Ninety in a hundred must be on their side."""
    lines = [Evidence("reproduced", "f1")] * 9 + [Evidence("contradicted", "accuracy")] * 9
    assert named([*lines, Evidence("contradicted", "f1")]) == "the score"
    assert named([*lines, *[Evidence("contradicted", "f1")] * 2]) is None


@given(shuffled)
def test_the_order_of_the_units_does_not_matter(pair):
    """The same axis, and the same sides."""
    one, other = (separation(Tally.of(lines)) for lines in pair)
    assert (one is None) == (other is None)
    if one is not None:
        assert one.axis is other.axis
        assert set(one.holds) == set(other.holds)


@given(evidence)
def test_a_split_is_true(lines):
    """Nine of ten decided units on each side say what is said of it, and every value is on one side."""
    tally = Tally.of(lines)
    split = separation(tally)
    if split is not None:
        holds, refuted = sum_of(split.holds), sum_of(split.refuted)
        assert len(holds.supporting) >= 0.9 * holds.decided
        assert refuted.against >= 0.9 * refuted.decided
        assert holds.decided + refuted.decided == tally.decided
        assert split.axis in AXES
