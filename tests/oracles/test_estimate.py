"""Posteriors are baycomp's; tests, intervals and equivalence are statsmodels'; so are exact shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.selftest.aa import proportion
from lossbench.stats.estimate import Estimate, at_least
from lossbench.stats.families import holm
from lossbench.stats.paired import over_seeds

from .packages import oracle

baycomp = oracle("baycomp")
weightstats = oracle("statsmodels.stats.weightstats")
multitest = oracle("statsmodels.stats.multitest")
statsmodels = oracle("statsmodels.stats.proportion")

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs
usual = settings(max_examples=25, deadline=None)
margins = st.sampled_from([0.005, 0.01, 0.1])
p_values = arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1))


def pairs(seeds: int) -> st.SearchStrategy[np.ndarray]:
    """Draw the scores of two losses, (2, seeds), whose difference varies."""
    drawn = st.integers(0, 2**32 - 1).map(np.random.default_rng)
    return drawn.map(lambda random: random.normal(0.9, 0.02, (2, seeds)) + random.normal(0, 0.01, (2, 1)))


@usual
@given(scores=pairs(20), margin=margins, folds=st.sampled_from([2, 5, 10, 20]))
def test_the_posterior_is_the_correlated_t_test(scores: np.ndarray, margin: float, folds: int) -> None:
    """Of k-fold cross-validation, where 1 / (k - 1) is the ratio of test rows to the others."""
    found = over_seeds(scores[1] - scores[0], shared=1.0 / (folds - 1)).at().posterior(margin)
    expected = baycomp.CorrelatedTTest.probs(*scores, rope=margin, runs=20 // folds)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@usual
@given(scores=pairs(9), margin=margins)
def test_equivalence_is_two_one_sided_tests(scores: np.ndarray, margin: float) -> None:
    """Its p value is twice that of statsmodels, so that one level serves differences and equivalence."""
    found = over_seeds(scores[1] - scores[0], shared=0.0).at()
    expected = weightstats.ttost_paired(scores[1], scores[0], -margin, margin)[0]
    np.testing.assert_allclose(found.p_equivalent(margin), min(1.0, 2.0 * expected), rtol=1e-9)


@usual
@given(scores=pairs(7))
def test_independent_seeds_have_students_test(scores: np.ndarray) -> None:
    """Mean, interval and p value are those of the t test of one sample."""
    found = over_seeds(scores[1] - scores[0], shared=0.0).at()
    expected = weightstats.DescrStatsW(scores[1] - scores[0])
    interval = found.interval()
    np.testing.assert_allclose([interval.low, interval.high], expected.tconfint_mean())
    np.testing.assert_allclose(found.p_value(), expected.ttest_mean()[1])


@usual
@given(p_values)
def test_the_correction_is_holms(p_values: np.ndarray) -> None:
    """Adjusted p values of a family."""
    np.testing.assert_allclose(holm(p_values), multitest.multipletests(p_values, method="holm")[1])


@usual
@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_rates_have_the_interval_of_clopper_and_pearson(counts: tuple[int, int]) -> None:
    """Exact, whatever the share."""
    found = proportion("rate", np.arange(counts[1]) < counts[0])
    expected = statsmodels.proportion_confint(*counts, method="beta")
    np.testing.assert_allclose([found["rate_low"], found["rate_high"]], expected, atol=1e-12)


@pytest.mark.parametrize("rows", [10, 36, 500])
def test_rows_that_agree_bound_the_share_that_may_differ(rows: int) -> None:
    """Where two losses never differed, half the interval is the upper end of the exact one of none in n."""
    error = at_least(0.0, rows - 1.0, rows)
    found = Estimate(0.0, error, rows - 1.0, rows).interval()
    np.testing.assert_allclose(found.high, statsmodels.proportion_confint(0, rows, method="beta")[1])
