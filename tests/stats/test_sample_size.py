"""The number of seeds that is promised decides, and one less does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.stats.estimate import ALPHA, smallest_p
from lossbench.stats.paired import over_seeds, paired_test
from lossbench.stats.sample_size import MOST, least_n, more_seeds

few = settings(max_examples=25, deadline=None)
RATIO = 1 / 3
numbers = st.integers(-100, 100).map(lambda i: i / 1000)
samples = st.integers(2, 12).flatmap(lambda n: arrays(np.float64, n, elements=numbers))
margins = st.sampled_from([None, 0.01, 0.05, 0.2])


@pytest.mark.parametrize("family", [1, 2, 3, 8, 15, 36])
def test_one_pair_less_could_show_nothing(family: int) -> None:
    """The smallest number at which the smallest p value is below the level."""
    n = least_n(family)
    assert smallest_p(n, family) < ALPHA <= smallest_p(n - 1, family)


def test_five_can_never_be_significant() -> None:
    """Five pairs have a smallest p of 0.0625, six are the fewest, and a family of fifteen takes ten."""
    assert smallest_p(5) == 0.0625
    assert (least_n(), least_n(15)) == (6, 10)


def stretched(values: np.ndarray, n: int) -> np.ndarray:
    """Return n values with the mean and the standard deviation of others."""
    shape = np.random.default_rng(n).normal(size=n)
    shape = (shape - shape.mean()) / shape.std(ddof=1)
    return values.mean() + values.std(ddof=1) * shape


def decided(values: np.ndarray, margin: float | None, family: int) -> bool:
    """Say whether these differences would be decided as the first of a family."""
    known = (
        over_seeds(values, RATIO).at().interval(1 - ALPHA / family)
    )  # equivalence is corrected for the family too
    inside = margin is not None and -margin < known.low and known.high < margin
    return bool(family * paired_test(values, RATIO).p_value < ALPHA or inside)


def needed(
    values: np.ndarray, margin: float | None, family: int = 1, word: str = "inconclusive", ratio: float = RATIO
) -> float:
    """Return how many more seeds would decide what these differences have left at a verdict."""
    return float(more_seeds(over_seeds(values[None], ratio), np.array([word]), margin, family)[0])


@few
@given(values=samples, margin=margins, family=st.sampled_from([1, 8]))
def test_so_many_more_decide_and_one_less_does_not(values: np.ndarray, margin: float | None, family: int) -> None:
    """With the same mean and spread, the promised number of seeds decides, and none between now and then does."""
    assume(np.ptp(values) > 0 and not decided(values, margin, family))
    more = needed(values, margin, family)
    if np.isnan(more):
        assert not decided(stretched(values, MOST - 1), margin, family)
    else:
        n = len(values) + int(more)
        assert decided(stretched(values, n), margin, family)
        assert more == 1 or not decided(stretched(values, n - 1), margin, family)


def test_no_number_of_seeds_resolves_less_than_the_splits_share() -> None:
    """A third of the rows leaves √(1/3) of the spread however many seeds there are; without overlap, few do."""
    values = stretched(np.array([0.0, 2.0]), 10)  # a mean of 0.7 standard deviations
    assert np.isnan(needed(values, None))
    assert needed(values, None, ratio=0.0) <= 5


@few
@given(values=samples, margin=margins)
def test_what_is_decided_needs_none(values: np.ndarray, margin: float | None) -> None:
    """Whatever the differences, a verdict that stands needs no more seeds."""
    assert needed(values, margin, 8, "worse") == 0


def test_from_one_seed_nothing_is_known() -> None:
    """Without a spread there is nothing to reckon with; and no warning."""
    rows = np.array([[0.1, np.nan], [np.nan, np.nan]])
    assert np.isnan(more_seeds(over_seeds(rows, RATIO), np.full(2, "inconclusive"), 0.01, 1)).all()


def test_a_constant_difference_is_decided_by_its_sign() -> None:
    """Two seeds that agree to the last digit need four more, with which the sign test can speak."""
    assert needed(np.full(2, 0.1), 0.01) == 4


@few
@given(values=samples, margin=margins)
def test_a_larger_family_never_needs_fewer(values: np.ndarray, margin: float | None) -> None:
    """More tests shown together cost more seeds, or put a decision out of reach."""
    more = [needed(values, margin, family) for family in (1, 5, 30)]
    assert (np.diff(np.nan_to_num(more, nan=np.inf, posinf=np.inf)[~np.isnan(more)]) >= 0).all()
    assert np.isnan(more).tolist() == sorted(np.isnan(more).tolist())
