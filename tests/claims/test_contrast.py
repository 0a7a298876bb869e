from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.claim import Evidence
from lossbench.claims.contrast import Contrast, level, number
from lossbench.claims.deciding import judge_all
from lossbench.stats.families import holm
from lossbench.stats.paired import corrected_interval, over_seeds, paired_test

few = settings(deadline=None, max_examples=25)
LINE = Evidence("inconclusive", "accuracy")
RATIO = 1 / 3
# Four digits: an arm that varies by less than a shift rounds away does not vary where it is shifted.
digits = st.integers(-2000, 2000).map(lambda digits: digits / 10000)
differences = st.lists(digits, min_size=3, max_size=20).map(np.array)


def contrast(values, direction="better", margin=0.01, line=LINE, **changes):
    """Return one comparison, from its differences seed by seed."""
    return Contrast(line, over_seeds(np.asarray(values), RATIO), direction, margin, **changes)


def word(values, direction, **changes):
    """Return the verdict on one comparison."""
    return judge_all([contrast(values, direction, **changes)])[0].verdict


@few
@given(differences, st.booleans())
def test_the_other_arm_first_says_the_same(values, greater):
    """One arm better than the other is the other worse than the one."""
    assert word(values, "better", greater_is_better=greater) == word(-values, "worse", greater_is_better=greater)


@few
@given(differences, st.sampled_from(["better", "worse", "equal", "not worse"]))
def test_a_score_that_falls_is_one_that_rises_with_its_sign_changed(values, direction):
    """The direction of the score is all that it means."""
    assert word(values, direction) == word(-values, direction, greater_is_better=False)


@few
@given(differences)
def test_claims_that_exclude_each_other_are_not_both_reproduced(values):
    """Better excludes worse; equal excludes neither being not worse; and what is better is not worse."""
    found = {direction: word(values, direction) for direction in ("better", "worse", "equal", "not worse")}
    assert [found["better"], found["worse"]].count("reproduced") < 2
    assert [found["better"], found["equal"]].count("reproduced") < 2
    if found["better"] == "reproduced" or found["equal"] == "reproduced":
        assert found["not worse"] == "reproduced"
    if found["better"] == "reproduced":
        assert found["worse"] == "contradicted"


@few
@given(differences, st.floats(-0.3, 0.3))
def test_the_size_of_a_difference_is_tried_as_a_shift(values, claimed):
    """To claim that a difference is d is to claim that it is nothing less d; figures stay as measured."""
    (sized,) = judge_all([contrast(values, "equal", claimed=claimed)])
    assert sized.verdict == word(values - claimed, "equal")
    assert sized.measured == pytest.approx(values.mean(), abs=1e-9)


@few
@given(st.lists(differences, min_size=2, max_size=5))
def test_p_values_are_corrected_over_all_that_is_judged_together(rows):
    """As Holm does it."""
    found = [line.p_value for line in judge_all([contrast(row) for row in rows])]
    expected = holm(np.array([float(paired_test(row, RATIO).p_value) for row in rows]))
    assert found == pytest.approx(expected.tolist())


@few
@given(differences, st.booleans())
def test_the_figures_are_those_of_the_paired_test(values, gone):
    """Mean, interval and number of seeds; without any, why there are none, unless that is said already."""
    interval = paired_test(values, RATIO).interval
    (line,) = judge_all([contrast(values)])
    wanted = [number(end) for end in (interval.mean, interval.low, interval.high)]
    assert [line.measured, line.low, line.high, line.n, line.over] == [*wanted, len(values), "seeds"]
    note = "one arm is gone" if gone else ""
    (none,) = judge_all([contrast(values * np.nan, line=replace(LINE, note=note))])
    assert (none.verdict, none.n) == ("not testable", 0)
    assert none.note == (note or "the score is undefined for an arm")


@few
@given(st.lists(differences, min_size=2, max_size=4), st.lists(differences, max_size=4))
def test_what_is_shown_beside_costs_the_units_nothing(units, others):
    """However many comparisons are made under other protocols, the units are corrected among themselves."""
    aside = replace(LINE, role="sensitivity")
    found = judge_all([*map(contrast, units), *(contrast(row, line=aside) for row in others)])
    assert found[: len(units)] == judge_all([*map(contrast, units)])


@pytest.mark.parametrize(
    ("values", "direction", "expected"),
    [
        ([0.10, 0.11, 0.12, 0.10], "better", "reproduced"),
        ([0.10, 0.11, 0.12, 0.10], "worse", "contradicted"),
        ([0.10, 0.11, 0.12, 0.10], "equal", "contradicted"),
        ([0.001, -0.001, 0.001, -0.001], "better", "equivalent"),
        ([0.001, -0.001, 0.001, -0.001], "equal", "reproduced"),
        ([0.001, -0.001, 0.001, -0.001], "not worse", "reproduced"),
        ([-0.10, -0.11, -0.12, -0.10], "not worse", "contradicted"),
        ([0.004, 0.0041, 0.004, 0.0041], "better", "equivalent"),  # there, and too little to matter
        ([0.004, 0.0041, 0.004, 0.0041], "equal", "reproduced"),
        ([-0.004, -0.0041, -0.004, -0.0041], "not worse", "reproduced"),
        ([0.3, -0.3, 0.2, -0.2], "better", "inconclusive"),
        ([np.nan] * 4, "better", "not testable"),
    ],
)
def test_the_words(values, direction, expected):
    """What is claimed, against what was measured."""
    assert word(values, direction) == expected


def test_without_a_margin_nothing_is_equivalent():
    """Somebody who knows the units has to declare one."""
    for direction in ("better", "equal"):
        assert word([0.001, -0.001, 0.001, -0.001], direction, margin=None) == "inconclusive"


def test_where_it_is_not_known_whose_trainings_diverged_nothing_is_decided():
    """The seeds that are left may be the lucky ones."""
    assert word([0.10, 0.11, 0.12, np.nan], "better", ambiguous=True) == "inconclusive"
    assert word([0.10, 0.11, 0.12, np.nan], "better", complete=(False, True)) == "inconclusive"
    assert word([0.10, 0.11, 0.12, np.nan], "better", complete=(True, False)) == "reproduced"


SHOWN = Evidence("inconclusive", "accuracy", note="one diverged")
scores = st.lists(st.floats(0, 1), min_size=2, max_size=20).map(np.array)


@settings(deadline=None, max_examples=25)
@given(scores, st.sampled_from(["0.743", None]))
def test_a_level_is_shown_with_its_interval_and_never_judged(values, reported):
    """Whatever is reported and measured, the line has no vote."""
    found, interval = level(SHOWN, values, 0.3, reported, 0.01), corrected_interval(values, 0.3)
    assert found.verdict == "not testable"
    assert found.p_value is None
    expected = tuple(map(number, (interval.mean, interval.low, interval.high)))
    assert (found.measured, found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("mean", "said"), [(0.75, "the reported level"), (0.76, "not the reported level"), (0.72, "not the reported")]
)
def test_a_level_agrees_within_the_margin(mean, said):
    """A hundredth on either side is the reported level; what the line said before stays."""
    assert level(SHOWN, np.full(3, mean), 0.3, "0.743", 0.01).note.startswith(f"one diverged, {said}")
