"""Scores of samples: exact distances, their order, and modes that are found or missed."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.spatial.distance import cdist

from lossbench.data.dataset import Modes
from lossbench.metrics.distribution import energy_distance, mode_coverage, sliced_transport, transport
from lossbench.metrics.prediction import Prediction, predict

values = st.floats(-20, 20).map(lambda value: round(value, 3))


def pairs(targets: int):
    """Return a strategy for a sample of the law and one that was made, (1, n, targets) each."""
    sizes = st.integers(1, 5)
    return sizes.flatmap(lambda n: st.tuples(*[arrays(np.float64, (1, n, targets), elements=values)] * 2))


def made(sample: np.ndarray, modes: Modes | None = None) -> Prediction:
    """Return what models made, (models, n, targets)."""
    return predict(sample, "identity", "distribution", modes)


@settings(deadline=None, max_examples=25)
@given(pairs(2))
def test_transport_is_that_of_the_best_assignment(pair) -> None:
    """Of all there are; along directions it is never more."""
    (target,), (found,) = pair
    least = min(
        cdist(target, found)[range(len(target)), order].mean() for order in permutations(range(len(target)))
    )
    assert transport(pair[0], made(pair[1])) == pytest.approx([least], abs=1e-9)
    assert sliced_transport(pair[0], made(pair[1])) <= least + 1e-9


@settings(deadline=None, max_examples=25)
@given(pairs(1))
def test_on_a_line_both_distances_are_scipy_s(pair) -> None:
    """That of Wasserstein, along directions too; the energy distance is the square of scipy's."""
    (target,), (found,) = (one[..., 0] for one in pair)
    for score in (transport, sliced_transport):
        assert score(pair[0], made(pair[1])) == pytest.approx(
            [stats.wasserstein_distance(target, found)], abs=1e-9
        )
    wanted = stats.energy_distance(target, found) ** 2
    assert energy_distance(pair[0], made(pair[1])) == pytest.approx([wanted], abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(pairs(2), st.randoms(use_true_random=False))
def test_rows_are_in_any_order(pair, random) -> None:
    """Neither sample's order says anything."""
    orders = [random.sample(range(one.shape[1]), one.shape[1]) for one in pair]
    target, found = (one[:, order] for one, order in zip(pair, orders, strict=True))
    for score in (transport, sliced_transport, energy_distance):
        assert score(target, made(found)) == pytest.approx(score(pair[0], made(pair[1])), abs=1e-9)


def test_a_diverged_model_has_no_score_and_disturbs_no_other() -> None:
    """It is NaN, beside the scores that the others have alone."""
    modes = Modes(np.zeros((1, 2)), np.ones(1), 1.0)
    target, found = np.random.default_rng(0).normal(size=(2, 1, 9, 2))
    both = np.concatenate([np.full_like(found, np.nan), found])
    for score in (transport, sliced_transport, energy_distance, mode_coverage):
        gone, there = score(target, made(both, modes))
        assert np.isnan(gone)
        assert there == score(target, made(found, modes))[0]


TWO = Modes(np.array([[0.0], [10.0]]), np.array([0.8, 0.2]), 1.0)


@pytest.mark.parametrize(
    ("sample", "share"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 0, 10, 10], 1.0),  # as the law has it
        ([0, 0, 0, 0, 5, 5, 5, 5, 5, 10], 1.0),  # half of the part is enough
        ([0, 0, 0, 5, 5, 5, 5, 5, 5, 10], 0.5),
        ([0] * 10, 0.5),
        ([5] * 10, 0.0),  # the mean of the law is in none
        ([1, 1, 1, 1, -1, -1, -1, -1, 9, 11], 1.0),  # the border belongs to it
    ],
)
def test_a_mode_is_covered_by_half_of_its_part(sample, share) -> None:
    """And by what is within its radius alone."""
    found = np.array(sample, dtype=np.float64).reshape(1, 10, 1)
    assert mode_coverage(np.zeros((1, 10, 1)), made(found, TWO)) == [share]


def test_without_modes_none_can_be_covered() -> None:
    """A law without modes has no such score."""
    assert np.isnan(mode_coverage(np.zeros((1, 3, 2)), made(np.zeros((1, 3, 2))))).all()
