"""By simulation: the tool's verdicts are wrong no more often than they say, and find what there is to find.

Each experiment draws a pool of rows, and each seed of it a test part from the same pool, so that seeds overlap as
resampled splits do. The figures are of fixed streams, and the bounds are binomial: a rate is too high where so
high a count would come less than once in a thousand such studies at the nominal rate.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from lossbench.stats.bootstrap import bootstrap_interval
from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import holm
from lossbench.stats.paired import corrected_interval, paired_test
from lossbench.stats.ranks import compare_with_first
from lossbench.stats.survival import restricted_times
from lossbench.stats.verdicts import verdict

ROWS, TEST, SEEDS = 40, 10, 10
RATIO = TEST / (ROWS - TEST)
EXPERIMENTS = 2000


def parts(experiments: int, seeds: int = SEEDS) -> np.ndarray:
    """Return which rows of its pool each seed tests on, (experiments, seeds, test rows)."""
    return np.random.default_rng(7).random((experiments, seeds, ROWS)).argsort(axis=-1)[..., :TEST]


def differences(
    experiments: int = EXPERIMENTS, seeds: int = SEEDS, losses: int = 1, coarse: bool = False
) -> np.ndarray:
    """Return differences of a mean of zero, (experiments, losses, seeds); coarse ones are counts of few rows."""
    random = np.random.default_rng(11)
    pools = random.normal(size=(experiments, losses, ROWS)) + random.normal(
        size=(experiments, 1, ROWS)
    )  # a common reference
    pools = np.sign(pools) * (np.abs(pools) > 2.0) if coarse else pools
    picked = parts(experiments, seeds)
    return np.stack(
        [pools[:, loss][np.arange(experiments)[:, None, None], picked].mean(-1) for loss in range(losses)], 1
    )


def at_most(hits: np.ndarray, rate: float = ALPHA) -> bool:
    """Say whether so many hits are no more than a rate allows."""
    return bool(binomtest(int(np.count_nonzero(hits)), hits.size, rate, alternative="greater").pvalue > 0.001)


def words(rows: np.ndarray, margin: float | None = None, ratio: float = RATIO) -> np.ndarray:
    """Return the verdict on each row as a family of its own."""
    test = paired_test(rows, ratio)
    same = np.nan if margin is None else test.estimate.p_equivalent(margin)
    return verdict(test.interval, test.p_value, greater_is_better=True, equivalent_p=same)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("seeds", [2, 3, 5, 10, 30])
def test_a_difference_that_is_not_there_is_seldom_found(seeds: int, coarse: bool) -> None:
    """Better and worse come at the nominal rate or below, for any number of seeds, scores coarse or fine."""
    assert at_most(words(differences(seeds=seeds, coarse=coarse)[:, 0]) != "inconclusive")


def test_the_uncorrected_variance_finds_what_is_not_there() -> None:
    """As if seeds shared no rows, an ordinary t test finds it several times as often; so does the bootstrap."""
    rows = differences()[:, 0]
    naive = np.count_nonzero(words(rows, ratio=0.0) != "inconclusive") / len(rows)
    resampled = bootstrap_interval(rows, "simulated")
    bootstrap = np.count_nonzero((resampled.low > 0) | (resampled.high < 0)) / len(rows)
    assert naive > 5 * ALPHA
    assert bootstrap > naive


def test_the_interval_covers_at_its_level() -> None:
    """The mean of zero is missed at the nominal rate, neither more often nor never."""
    interval = corrected_interval(differences()[:, 0], RATIO)
    missed = (interval.low > 0) | (interval.high < 0)
    assert at_most(missed)
    assert missed.mean() > ALPHA / 2


@pytest.mark.parametrize("losses", [3, 8])
def test_a_table_holds_a_false_verdict_at_most_at_the_rate_of_one_test(losses: int) -> None:
    """With Holm over all that is shown, the chance of any false verdict in the table is the nominal rate."""
    rows = differences(losses=losses)
    test = paired_test(rows, RATIO)
    adjusted = np.stack([holm(p_values) for p_values in test.p_value])
    found = verdict(test.interval, adjusted, greater_is_better=True) != "inconclusive"
    assert at_most(found.any(axis=1))
    assert np.mean((test.p_value < ALPHA).any(axis=1)) > 1.5 * ALPHA  # which it is not without


def test_a_larger_difference_is_found_more_often() -> None:
    """Power grows with the effect, from the nominal rate to nearly always, and the sign is right."""
    noise = differences()[:, 0]
    effects = noise.std() * np.array([0.0, 0.5, 1.0, 2.0, 4.0])
    found = [words(noise + effect) for effect in effects]
    power = [np.mean(word == "better") for word in found]
    assert power == sorted(power)
    assert power[-1] > 0.95
    assert np.mean(found[-1] == "worse") == 0


def test_equivalence_is_seldom_claimed_outside_the_margin() -> None:
    """At the edge of the margin and beyond, equivalence is claimed at half the level; well inside, it is found."""
    noise = differences()[:, 0]
    margin = 2.5 * noise.std()
    for effect in (margin, -margin, 2 * margin):
        assert at_most(words(noise + effect, margin) == "equivalent", ALPHA / 2)
    assert np.mean(words(noise, margin) == "equivalent") > 0.5


def test_censored_times_that_do_not_differ_are_seldom_called_faster() -> None:
    """Epochs to a target, whole numbers, many tied, a fifth of them censored: the nominal rate or below."""
    random = np.random.default_rng(5)
    times = np.ceil(random.exponential(12, size=(EXPERIMENTS, 2, SEEDS)))
    capped = restricted_times(times, times <= 20, 20)
    assert 0.1 < np.mean(times > 20) < 0.3
    test = paired_test(capped[:, 0] - capped[:, 1], 0.0)  # independent seeds: no variance is shared
    assert at_most(np.asarray(test.p_value) < ALPHA)
    later = paired_test(np.minimum(capped[:, 0] + 15, 20) - capped[:, 1], 0.0)
    assert np.mean((later.p_value < ALPHA) & (later.interval.low > 0)) > 0.9


def test_ranks_of_losses_that_do_not_differ_are_seldom_significant() -> None:
    """Over eight data sets and three losses, any false verdict comes at the nominal rate or below."""
    heights = np.random.default_rng(3).normal(size=(300, 8, 3))
    found = [set(compare_with_first(table)["verdict"][1:]) != {"inconclusive"} for table in heights]
    assert at_most(np.array(found))
    certain = [compare_with_first(table + np.array([0, 9, 0]))["verdict"][1] for table in heights[:20]]
    assert set(certain) == {"better"}
