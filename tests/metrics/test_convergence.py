"""Epochs are counted from 1, and what was not reached is said so."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.metrics.convergence import (
    PATIENCE,
    best_epoch,
    convergence_target,
    epochs_to_plateau,
    epochs_to_target,
)

few = settings(max_examples=25, deadline=None)
# Multiples of 1/8 stay exact under the shifts below.
eighths = st.integers(-16, 16).map(lambda i: i / 8)
curves = st.integers(1, 10).flatmap(lambda e: arrays(np.float64, (3, e), elements=eighths))
targets = arrays(np.float64, 3, elements=eighths)


def later(first: np.ndarray, second: np.ndarray) -> bool:
    """Say whether the second times are nowhere earlier than the first; never is latest."""
    return bool((np.nan_to_num(second, nan=np.inf) >= np.nan_to_num(first, nan=np.inf)).all())


@few
@given(curve=curves, target=targets)
def test_the_target_is_first_held_at_that_epoch(curve: np.ndarray, target: np.ndarray) -> None:
    """Three scores from that epoch on are at the target; from every earlier epoch on, one of three is not."""

    def held(model: int, start: int) -> bool:
        window = curve[model, start : start + PATIENCE]
        return len(window) == PATIENCE and bool((window >= target[model]).all())

    for model, epoch in enumerate(epochs_to_target(curve, target)):
        starts = [start + 1 for start in range(curve.shape[1]) if held(model, start)]
        np.testing.assert_equal(epoch, min(starts, default=np.nan))


@few
@given(curve=curves, target=targets, raised=eighths.map(abs))
def test_a_higher_target_is_never_reached_earlier(curve, target: np.ndarray, raised: float) -> None:
    """Monotone in the target."""
    assert later(epochs_to_target(curve, target), epochs_to_target(curve, target + raised))


@few
@given(curve=curves, target=targets, shift=eighths)
def test_a_constant_added_to_everything_changes_nothing(curve, target: np.ndarray, shift: float) -> None:
    """Only differences of scores count."""
    np.testing.assert_array_equal(epochs_to_target(curve + shift, target + shift), epochs_to_target(curve, target))
    np.testing.assert_array_equal(epochs_to_plateau(curve + shift, 0.25), epochs_to_plateau(curve, 0.25))
    np.testing.assert_array_equal(best_epoch(curve + shift), best_epoch(curve))


@few
@given(curve=curves, target=targets, tail=st.integers(1, 4))
def test_a_flat_tail_changes_nothing_that_was_there(curve, target: np.ndarray, tail: int) -> None:
    """Training on without any change of score moves neither plateau nor best epoch nor a target once reached."""
    longer = np.concatenate([curve, np.repeat(curve[:, -1:], tail, axis=1)], axis=1)
    np.testing.assert_array_equal(epochs_to_plateau(longer, 0.25), epochs_to_plateau(curve, 0.25))
    np.testing.assert_array_equal(best_epoch(longer), best_epoch(curve))
    before = epochs_to_target(curve, target)
    settled = ~np.isnan(before) | (curve[:, -1] < target)
    np.testing.assert_array_equal(epochs_to_target(longer, target)[settled], before[settled])


@few
@given(curve=curves, target=targets, at=st.integers(0, 9))
def test_an_undefined_score_never_counts(curve, target: np.ndarray, at: int) -> None:
    """NaN is below every target, no epoch's best, and leaves the neighbours alone; there is no plateau with it."""
    holed, lowered = curve.copy(), curve.copy()
    holed[0, at % curve.shape[1]], lowered[0, at % curve.shape[1]] = np.nan, -np.inf
    np.testing.assert_array_equal(epochs_to_target(holed, target), epochs_to_target(lowered, target))
    plateau = epochs_to_plateau(holed, 0.25)
    assert np.isnan(plateau[0])
    np.testing.assert_array_equal(plateau[1:], epochs_to_plateau(curve, 0.25)[1:])
    assert best_epoch(holed)[0] == (0 if curve.shape[1] == 1 else best_epoch(lowered)[0])


@few
@given(curve=curves)
def test_without_a_target_nothing_is_reached(curve: np.ndarray) -> None:
    """A target of NaN gives NaN, whatever the curve."""
    assert np.isnan(epochs_to_target(curve, np.nan)).all()


@few
@given(curve=curves, tolerance=st.integers(1, 8).map(lambda i: i / 8), raised=eighths.map(abs))
def test_after_the_plateau_nothing_is_gained(curve, tolerance: float, raised: float) -> None:
    """After that epoch the gain is below the tolerance, before it it was not; a larger one is met no later."""
    epochs = epochs_to_plateau(curve, tolerance)
    for scores, epoch in zip(curve, epochs.astype(int), strict=True):
        gains = [scores[e:].max() - scores[e] for e in range(len(scores))]
        assert gains[epoch - 1] < tolerance
        assert min(gains[: epoch - 1], default=np.inf) >= tolerance
    assert later(epochs_to_plateau(curve, tolerance + raised), epochs)


@few
@given(curve=curves)
def test_the_best_epoch_is_the_first_of_the_best(curve: np.ndarray) -> None:
    """No score is higher, and all before it are lower."""
    for scores, epoch in zip(curve, best_epoch(curve), strict=True):
        assert scores[epoch - 1] == scores.max()
        assert (scores[: epoch - 1] < scores.max()).all()


@few
@given(constant=eighths, linear=eighths)
def test_the_target_stands_between_its_baselines(constant: float, linear: float) -> None:
    """95 % of the way up from the constant; none where the linear model is no better."""
    target = convergence_target(constant, linear).item()
    if linear > constant:
        np.testing.assert_allclose((target - constant) / (linear - constant), 0.95)
    else:
        assert np.isnan(target)
