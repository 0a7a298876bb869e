"""An estimate says one thing: interval, p values and posterior of a mean and its error agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from lossbench.stats.estimate import ALPHA, LEVEL, Estimate, Interval, at_least, smallest_p

sizes = st.floats(-1.0, 1.0).map(lambda value: round(value, 6))
errors = st.floats(1e-4, 1.0)
freedoms = st.floats(1.0, 500.0)


def estimated(mean: float, error: float, freedom: float) -> Estimate:
    """Return an estimate over some units."""
    return Estimate(mean, error, freedom, 50)


@given(sizes, errors, freedoms)
def test_the_interval_excludes_what_the_test_rejects(mean, error, freedom) -> None:
    """Zero is outside the 95 % interval exactly where p is below 5 %; and so is the margin with equivalence."""
    found, margin = estimated(mean, error, freedom), 0.3
    interval, p_value, same = found.interval(), float(found.p_value()), float(found.p_equivalent(margin))
    if abs(p_value - ALPHA) > 1e-9:
        assert interval.off_zero == (interval.low > 0 or interval.high < 0) == (p_value < ALPHA)
    if abs(same - ALPHA) > 1e-9:
        assert (-margin < interval.low and interval.high < margin) == (same < ALPHA)


@given(sizes, errors, freedoms, st.floats(0.0, 0.5))
def test_the_posterior_is_students_distribution(mean, error, freedom, margin) -> None:
    """Its three parts are those of scipy's t about the mean; they sum to one, and a mirrored mean mirrors them."""
    below, equal, above = estimated(mean, error, freedom).posterior(margin)
    scale = t(freedom, loc=mean, scale=error)
    np.testing.assert_allclose([below, above], [scale.cdf(-margin), scale.sf(margin)], atol=1e-9)
    assert below + equal + above == pytest.approx(1.0)
    mirrored = estimated(-mean, error, freedom).posterior(margin)
    np.testing.assert_allclose(mirrored, (above, equal, below), atol=1e-9)


@pytest.mark.parametrize(("mean", "margin", "expected"), [(0.0, 0.1, (0, 1, 0)), (0.2, 0.1, (0, 0, 1))])
def test_without_an_error_the_mean_is_certain(mean, margin, expected) -> None:
    """A difference that never varies lies on one side of the margin for sure."""
    assert estimated(mean, 0.0, 9.0).posterior(margin) == expected


@given(st.integers(1, 40), st.integers(1, 20), sizes.filter(bool))
def test_what_never_varies_is_judged_by_the_sign_test(n, family, mean) -> None:
    """No difference is certain, one has the p value of n equal signs, and so has one that is inside the margin."""
    p_value = binomtest(n, n).pvalue
    assert smallest_p(n, family) == pytest.approx(min(1.0, family * p_value))
    same, none = Estimate(mean, 0.0, 9.0, n), Estimate(0.0, 0.0, 9.0, n)
    assert none.p_value() == 1.0
    assert same.p_equivalent(2 * abs(mean)) == pytest.approx(p_value)
    assert same.p_equivalent(abs(mean)) == 1.0
    assert same.p_value() == pytest.approx(p_value if n > 1 else np.nan, nan_ok=True)


@given(sizes, errors, freedoms)
def test_two_units_have_an_interval_and_one_has_none(mean, error, freedom) -> None:
    """Of one unit nobody knows how others would vary."""
    found, alone = (Estimate(mean, error, freedom, n).interval() for n in (2, 1))
    assert (found.low, found.high) == pytest.approx(t(freedom, mean, error).interval(LEVEL))
    assert np.isnan([alone.low, alone.high]).all()
    assert alone.mean == mean


@given(st.integers(2, 5000), freedoms)
def test_what_never_differed_may_still_differ(rows, freedom) -> None:
    """Without a difference in n rows, the interval ends where Clopper and Pearson's ends for none of n."""
    half = Estimate(0.0, at_least(0.0, freedom, rows), freedom, 50).interval().high
    assert half == pytest.approx(binomtest(0, rows).proportion_ci(LEVEL).high)


@given(errors, st.integers(2, 5000), freedoms)
def test_no_interval_is_narrower_than_a_row(error, rows, freedom) -> None:
    """Where something differed, half of the interval is at least one row, and is else what it was."""
    before = Estimate(0.0, error, freedom, 50).interval().high
    after = Estimate(0.0, at_least(error, freedom, rows), freedom, 50).interval().high
    assert after == pytest.approx(max(before, 1.0 / rows))


@pytest.mark.parametrize(
    ("score", "expected"),
    [("accuracy", (0.0, 1.0)), ("r2_at_best", (-2.0, 1.0)), ("mae", (0.0, 3.0)), ("cost:lower", (-2.0, 3.0))],
)
def test_an_interval_of_a_score_lies_within_what_it_can_be(score: str, expected: tuple[float, float]) -> None:
    """Each end by the range of the score, at either epoch; mean, count and an unknown end stay as they are."""
    found = Interval(np.array([0.5, 0.5]), np.array([-2.0, np.nan]), np.array([3.0, np.nan]), 4).of_score(score)
    np.testing.assert_array_equal([found.low, found.high], np.array([expected, [np.nan] * 2]).T)
    assert (found.mean.tolist(), found.n) == ([0.5, 0.5], 4)
