"""The bootstrap is seeded, blind to order and neighbours, and scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import bootstrap

from lossbench.randomness import stream
from lossbench.stats.bootstrap import BATCH, RESAMPLES, bootstrap_interval, disagree_about_zero
from lossbench.stats.estimate import LEVEL
from lossbench.stats.paired import Interval, corrected_interval

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
numbers = st.integers(-100, 100).map(lambda i: i / 64)
rows = st.tuples(st.integers(1, 4), st.integers(2, 10)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=numbers)
)


def ends(values: np.ndarray, dataset: str = "iris") -> np.ndarray:
    """Return the lower and upper ends of each row."""
    found = bootstrap_interval(values, dataset)
    return np.array([found.low, found.high])


@few
@given(values=rows, random=st.randoms(use_true_random=False))
def test_the_order_of_the_seeds_and_the_neighbours_say_nothing(values: np.ndarray, random) -> None:
    """A row has the same interval, to the last bit, alone, in another order, and beside rows that lack a seed."""
    together = ends(values)
    order = random.sample(range(values.shape[1]), values.shape[1])
    np.testing.assert_array_equal(ends(values[:, order]), together)
    for index, row in enumerate(values):
        shorter = np.append(row[:-1], np.nan)
        np.testing.assert_array_equal(ends(np.stack([shorter, row]))[:, 1], together[:, index])


@few
@given(values=rows)
def test_it_is_scipys(values: np.ndarray) -> None:
    """The percentile interval of scipy, from the same stream."""
    random = stream("bootstrap", "iris", 0, values.shape[1])
    drawn = {"n_resamples": RESAMPLES, "batch": BATCH, "method": "percentile", "rng": random}
    theirs = bootstrap((np.sort(values),), np.mean, axis=-1, confidence_level=LEVEL, **drawn)
    ours = bootstrap_interval(values, "iris")
    np.testing.assert_allclose([ours.low, ours.high], theirs.confidence_interval, rtol=1e-12, atol=1e-12)


@few
@given(values=rows)
def test_what_is_undefined_is_left_out(values: np.ndarray) -> None:
    """A missing seed is one seed less, wherever it stands."""
    gap = np.full((len(values), 1), np.nan)
    np.testing.assert_array_equal(ends(np.hstack([gap, values])), ends(values))


@few
@given(values=rows, shift=numbers, scale=st.sampled_from([0.5, 2.0, 64.0]))
def test_it_moves_and_stretches_with_the_values(values: np.ndarray, shift: float, scale: float) -> None:
    """Equivariant under shift and scale."""
    np.testing.assert_allclose(ends(scale * values + shift), scale * ends(values) + shift, atol=1e-9)


@few
@given(values=rows)
def test_it_lies_among_the_values_and_inside_the_corrected_interval(values: np.ndarray) -> None:
    """Means of resamples lie between the extremes; and it is never the wider one, as its docstring says."""
    low, high = ends(values)
    assert (values.min(axis=1) - 1e-9 <= low).all()
    assert (low <= high).all()
    assert (high <= values.max(axis=1) + 1e-9).all()
    corrected = corrected_interval(values, 1 / 3)
    known = ~np.isnan(corrected.low)  # of a few equal values it is not
    assert (high - low <= corrected.high - corrected.low + 1e-9)[known].all()


def test_the_seed_is_the_data_sets_name() -> None:
    """The same name gives the same interval whenever it is asked, another name another one, and nothing leaks."""
    values = np.random.default_rng(0).normal(size=(1, 10))
    before = np.random.get_state()[1].copy()  # noqa: NPY002 (that the global stream is left alone is the point)
    first = ends(values)
    np.testing.assert_array_equal(ends(values), first)
    assert (ends(values, "wine") != first).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("n", [0, 1])
def test_one_seed_has_no_interval(n: int) -> None:
    """From one value nothing can be resampled: empty, and no warning."""
    assert np.isnan(ends(np.full((1, 3), np.nan) if n == 0 else np.array([[0.5, np.nan, np.nan]]))).all()


def test_of_many_seeds_it_is_the_normal_interval() -> None:
    """With two hundred independent values, it is the ordinary interval of a mean within its own noise."""
    values = np.random.default_rng(1).normal(size=(3, 200))
    plain = corrected_interval(values, 0.0)
    np.testing.assert_allclose(ends(values), [plain.low, plain.high], atol=0.02)


@pytest.mark.parametrize(
    ("one", "other", "disagree"),
    [
        ((-1.0, 1.0), (0.5, 1.0), True),
        ((-1.0, 1.0), (-1.0, -0.5), True),
        ((0.1, 1.0), (0.5, 1.0), False),
        ((-1.0, 1.0), (0.0, 1.0), False),  # zero at the end is held
        ((np.nan, np.nan), (0.5, 1.0), False),
    ],
)
def test_they_disagree_where_only_one_holds_zero(one, other, disagree: bool) -> None:
    """Whichever of the two it is, and not where one is undefined."""
    first, second = (Interval(0.0, *ends, 10) for ends in (one, other))
    assert disagree_about_zero(first, second) == disagree
    assert disagree_about_zero(second, first) == disagree
