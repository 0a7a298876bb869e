"""Paired statistics follow their laws, and are scipy's where nothing is to be corrected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from lossbench.schema import MARGINS, METRICS
from lossbench.stats.estimate import ALPHA, LEVEL, Interval, smallest_p
from lossbench.stats.families import holm
from lossbench.stats.paired import PairedTest, corrected_interval, over_seeds, paired_test, shared_rows
from lossbench.stats.verdicts import BETTER, WORSE, verdict

few = settings(max_examples=25, deadline=None)
RATIO = 1 / 3
numbers = st.integers(-100, 100).map(lambda i: i / 100)
samples = st.integers(2, 12).flatmap(lambda n: arrays(np.float64, n, elements=numbers))
varying = samples.filter(lambda values: np.ptp(values) > 0)
p_values = st.lists(st.floats(0, 1), max_size=8).map(np.array)


def ends(interval: Interval) -> np.ndarray:
    """Return mean, low and high."""
    return np.array([interval.mean, interval.low, interval.high])


def word(test: PairedTest, margin: float, p_value: float | None = None, greater_is_better: bool = True) -> str:
    """Return the verdict of a test as a family of its own, or with a given p value of no difference."""
    same = test.estimate.p_equivalent(margin) if margin else np.nan
    return str(verdict(test.interval, test.p_value if p_value is None else p_value, greater_is_better, same))


@few
@given(values=varying)
def test_without_correction_it_is_students(values: np.ndarray) -> None:
    """For independent values, interval and p value are scipy's one-sample t."""
    expected, found = stats.ttest_1samp(values, 0.0), paired_test(values, 0.0)
    np.testing.assert_allclose(found.p_value, expected.pvalue, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(ends(found.interval)[1:], expected.confidence_interval(0.95), atol=1e-12)


@few
@given(values=varying, ratio=st.floats(0, 1))
def test_the_correction_widens_by_the_share_of_test_rows(values: np.ndarray, ratio: float) -> None:
    """Nadeau and Bengio: the variance of the mean grows from 1/n by the share of rows that a seed tests."""
    plain, corrected = corrected_interval(values, 0.0), corrected_interval(values, ratio)
    growth = (corrected.high - corrected.low) / (plain.high - plain.low)
    np.testing.assert_allclose(growth, np.sqrt(1 + ratio * len(values)))
    assert paired_test(values, ratio).p_value >= paired_test(values, 0.0).p_value


@given(train=st.integers(1, 500), test=st.integers(1, 500))
def test_the_share_is_of_all_rows_but_the_validation_part(train: int, test: int) -> None:
    """A table of N rows has a validation part as large as the test part, so the ratio is n_test / (N - n_test)."""
    rows = train + 2 * test
    assert shared_rows("resplit", test, train) == pytest.approx(test / (rows - test))
    assert shared_rows("redrawn", test, train) == 0.0


@few
@given(values=samples, shift=numbers, scale=st.sampled_from([0.5, 2.0, 1000.0]))
def test_the_interval_moves_and_stretches_with_the_values(values, shift: float, scale: float) -> None:
    """Equivariant under shift and scale; p and effect size are blind to the scale."""
    before, after = corrected_interval(values, RATIO), corrected_interval(scale * values + shift, RATIO)
    np.testing.assert_allclose(ends(after), scale * ends(before) + shift, atol=1e-9)
    one, other = paired_test(values, RATIO), paired_test(scale * values, RATIO)
    found, wanted = [other.p_value, other.effect_size], [one.p_value, one.effect_size]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-12)


@few
@given(values=varying)
def test_the_interval_excludes_zero_where_the_test_is_significant(values: np.ndarray) -> None:
    """A test at the level of the interval says the same as the interval."""
    test = paired_test(values, RATIO)
    assume(abs(test.p_value - 0.05) > 1e-9)
    assert (test.p_value < 0.05) == (test.interval.low > 0 or test.interval.high < 0)


@few
@given(values=varying, gaps=st.integers(1, 3))
def test_undefined_values_are_left_out_and_not_counted(values: np.ndarray, gaps: int) -> None:
    """NaN changes nothing, and n says how many values there were."""
    holed = np.concatenate([values, np.full(gaps, np.nan)])
    found, expected = paired_test(holed, RATIO), paired_test(values, RATIO)
    np.testing.assert_allclose(ends(found.interval), ends(expected.interval), atol=1e-12)
    np.testing.assert_allclose(found.p_value, expected.p_value, rtol=1e-9)
    assert found.interval.n == len(values)


def test_one_value_has_no_interval() -> None:
    """For n = 1 there is a mean and an empty cell beside it, never a width of zero; for n = 0 nothing at all."""
    np.testing.assert_array_equal(ends(corrected_interval(np.array([0.5]), RATIO)), [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(ends(corrected_interval(np.array([np.nan]), RATIO)), [np.nan] * 3)
    test = paired_test(np.array([0.5]), RATIO)
    np.testing.assert_array_equal([test.p_value, test.effect_size], [np.nan, np.nan])


@pytest.mark.parametrize("n", [6, 10])
def test_identical_arms_do_not_differ(n: int) -> None:
    """All differences zero: p = 1, no effect, an interval of no width."""
    test = paired_test(np.zeros(n), RATIO)
    assert test.interval == Interval(0.0, 0.0, 0.0, n)
    assert not test.interval.off_zero
    assert (test.p_value, test.effect_size) == (1.0, 0.0)


@pytest.mark.parametrize("n", [2, 5])
def test_a_few_equal_differences_have_no_interval(n: int) -> None:
    """Scores of a small test part agree by chance: fewer than six seeds say nothing of how others would vary."""
    test = paired_test(np.zeros(n), RATIO)
    assert (test.interval.mean, test.p_value) == (0.0, 1.0)
    assert np.isnan(ends(test.interval)[1:]).all()
    assert word(test, 0.01) == "inconclusive"


@pytest.mark.parametrize(("n", "p_value"), [(2, 0.5), (3, 0.25), (10, 2 / 1024)])
def test_a_difference_that_never_varies_is_judged_by_its_sign(n: int, p_value: float) -> None:
    """The same difference for every seed has no spread to be measured by: the sign test's p, no effect size."""
    test = paired_test(np.full(n, 0.1), RATIO)  # the mean of three tenths is not quite a tenth
    assert test.p_value == p_value
    assert np.isnan(test.effect_size)
    np.testing.assert_allclose(ends(test.interval), [0.1, *[0.1 if n > 5 else np.nan] * 2])


@given(n=st.integers(2, 12), rows=st.integers(2, 5000))
def test_seeds_that_agree_on_every_row_leave_what_rows_leave(n: int, rows: int) -> None:
    """Of a score that counts rows, identical arms have the interval of Clopper and Pearson for no row."""
    interval = paired_test(np.zeros(n), RATIO, rows).interval
    assert interval.high == pytest.approx(stats.binomtest(0, rows).proportion_ci(LEVEL).high)
    assert interval.low == -interval.high


def test_seeds_move_the_mean_as_far_as_is_said() -> None:
    """Means of many sets of seeds scatter by what each set says of it; the choice of rates is added to that."""
    found = over_seeds(np.random.default_rng(0).normal(size=(4000, 6)), RATIO)
    assert np.var(found.mean) == pytest.approx(np.mean(found.wandering**2), rel=0.05)
    chosen = found.widened(np.full(4000, 0.25))
    np.testing.assert_allclose(chosen.wandering**2, found.wandering**2 + 0.25)
    np.testing.assert_allclose(chosen.at().error ** 2, found.at().error ** 2 + 0.25)
    assert np.isnan(over_seeds(np.array([0.5]), RATIO).wandering)


@few
@given(rows=st.lists(arrays(np.float64, 6, elements=st.one_of(numbers, st.just(np.nan))), min_size=1, max_size=5))
def test_many_rows_are_each_as_if_alone(rows: list[np.ndarray]) -> None:
    """Intervals and tests of a table are those of its rows, to the last bit."""
    together = paired_test(np.stack(rows), RATIO)
    for index, row in enumerate(rows):
        alone = paired_test(row, RATIO)
        np.testing.assert_array_equal(ends(together.interval)[:, index], ends(alone.interval))
        np.testing.assert_array_equal(
            [together.p_value[index], together.effect_size[index], together.interval.n[index]],
            [alone.p_value, alone.effect_size, alone.interval.n],
        )


@pytest.mark.parametrize("n", range(1, 15))
def test_the_smallest_p_is_that_of_the_exact_rank_test(n: int) -> None:
    """All differences on one side: Wilcoxon's exact test can say no more than that, and Holm multiplies it."""
    found = stats.wilcoxon(np.arange(1.0, n + 1), method="exact").pvalue
    np.testing.assert_allclose(smallest_p(n), found)
    np.testing.assert_allclose(smallest_p(n, family=3), min(1, holm(np.array([found, 1.0, 1.0]))[0]))


@few
@given(p=p_values)
def test_holm_rejects_what_the_step_down_procedure_rejects(p: np.ndarray) -> None:
    """At any level, adjusted p values reject what going down the sorted list until the first failure does."""
    adjusted, order = holm(p), np.argsort(p, kind="stable")
    for level in (0.01, 0.05, 0.3):
        rejected = np.zeros(len(p), dtype=bool)
        for rank, index in enumerate(order):
            if (len(p) - rank) * p[index] > level:
                break
            rejected[index] = True
        np.testing.assert_array_equal(adjusted <= level, rejected)


@few
@given(p=p_values, order=st.randoms(use_true_random=False))
def test_holm_keeps_order_and_never_lowers(p: np.ndarray, order) -> None:
    """Adjusted values are no less than the raw ones, in the same order, at most 1, however they are listed."""
    adjusted = holm(p)
    assert ((adjusted >= p) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()
    shuffled = list(range(len(p)))
    order.shuffle(shuffled)
    np.testing.assert_array_equal(holm(p[shuffled]), adjusted[shuffled])


@few
@given(p=p_values)
def test_a_test_that_could_not_be_made_is_not_of_the_family(p: np.ndarray) -> None:
    """NaN stays NaN and costs the others nothing."""
    found = holm(np.append(p, np.nan))
    np.testing.assert_array_equal(found[:-1], holm(p))
    assert np.isnan(found[-1])


@few
@given(values=samples, p=st.sampled_from([0.001, 0.2]), greater=st.booleans())
def test_the_verdict_turns_with_the_arms_and_with_the_direction(values, p: float, greater: bool) -> None:
    """Exchanging the arms, or the direction of the score, exchanges better and worse and nothing else."""
    turned = dict(zip(BETTER + WORSE, WORSE + BETTER, strict=True))
    one, other = paired_test(values, RATIO), paired_test(-values, RATIO)
    here = word(one, 0.05, p, greater)
    assert word(other, 0.05, p, greater) == turned.get(here, here)
    assert word(one, 0.05, p, not greater) == turned.get(here, here)


@few
@given(values=samples, p=st.floats(0, 1), margin=st.floats(0.001, 0.5))
def test_equivalent_is_only_what_lies_inside_the_margin(values: np.ndarray, p: float, margin: float) -> None:
    """A wider margin never takes an equivalence back, none gives one, and every one has its interval inside."""
    test = paired_test(values, RATIO)
    within = [word(test, width, p) in (BETTER[1], WORSE[1], "equivalent") for width in (0.0, margin, 2 * margin)]
    assert within == sorted(within)
    assert not within[0]
    low, high = ends(test.interval)[1:]
    assume(min(abs(low + margin), abs(high - margin)) > 1e-9 or np.isnan(low))
    assert within[1] == bool(-margin < low <= high < margin)


@few
@given(values=samples, p=st.floats(0, 1), margin=st.floats(0.001, 0.5))
def test_a_margin_takes_no_difference_back(values: np.ndarray, p: float, margin: float) -> None:
    """What is better or worse without a margin is so with one; that it is too small to matter is only added."""
    bare, judged = (word(paired_test(values, RATIO), width, p) for width in (0.0, margin))
    assert bare == judged.split(",")[0] or (bare, judged) == ("inconclusive", "equivalent")


@pytest.mark.parametrize(
    ("low", "high", "p", "same", "word"),
    [
        (0.02, 0.04, 0.01, 1.0, "better"),
        (-0.04, -0.02, 0.01, 1.0, "worse"),
        (0.02, 0.04, 0.06, 1.0, "inconclusive"),  # not after correction for the family
        (-0.02, 0.04, 0.01, 1.0, "inconclusive"),
        (-0.005, 0.005, 0.8, 0.01, "equivalent"),
        (0.001, 0.005, 0.2, 0.01, "equivalent"),
        (0.001, 0.005, 0.01, 0.01, "better, within the margin"),
        (-0.005, -0.001, 0.01, 0.01, "worse, within the margin"),
        (0.001, 0.005, 0.01, 0.06, "better"),  # equivalent, but not after correction for the family
        (-0.005, 0.005, 0.8, ALPHA, "inconclusive"),  # on the margin is not inside
        (-0.005, 0.005, 0.8, np.nan, "inconclusive"),
        (np.nan, np.nan, np.nan, np.nan, "inconclusive"),
    ],
)
def test_the_six_words(low: float, high: float, p: float, same: float, word: str) -> None:
    """Words follow the interval and both corrected tests, of no difference and of one that matters."""
    interval = Interval((low + high) / 2, low, high, 10)
    assert verdict(interval, p, greater_is_better=True, equivalent_p=same) == word


def test_margins_are_declared_only_for_scores_of_one_scale() -> None:
    """Every margin belongs to a metric that exists, or to a time; what has the units of the data has none."""
    assert MARGINS.keys() <= {*METRICS, "epochs_to_target"}
    assert not MARGINS.keys() & {"rmse", "mae", "median_absolute_error", "mape", "log_loss"}
