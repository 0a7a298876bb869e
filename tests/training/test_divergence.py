"""A model that diverges is marked and disturbs nobody."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from lossbench.training import loop
from lossbench.training.trace import finite

from .cases import ENGINES, FAST, losses_of, pack, same_bits, trial

# Squared error of a linear model grows by a constant factor a step: a larger rate overflows in an earlier epoch.
RATES = (0.01, 1e3, 1e7, 1e10, 1e30, 0.02)


def falling(dtype: torch.dtype, train):
    """Return the trace of trials that differ in rate; some diverge, in the first epoch or later."""
    plain = {"model": "linear", "optimizer": "sgd", "epochs": 12, "batch_size": 64}
    return train(pack(*(trial("diabetes", **plain, lr=rate) for rate in RATES)), dtype)


@pytest.mark.parametrize("train", FAST)
def test_engines_agree_on_the_epoch(train) -> None:
    """In all engines the same models diverge in the same epochs, some at once and some later; others stay."""
    left, right = (falling(torch.float64, engine) for engine in (train, loop.train))
    np.testing.assert_array_equal(left.diverged, right.diverged)
    np.testing.assert_array_equal(np.isnan(left.curve), np.isnan(right.curve))
    assert left.diverged[0] == left.diverged[-1] == 0
    assert len(set(left.diverged.tolist())) >= 4


@pytest.mark.parametrize("train", ENGINES)
def test_what_is_left_of_a_diverged_model(train) -> None:
    """From its epoch on the curve is NaN, before it is not; outputs and fit are NaN, there is no best epoch."""
    trace = falling(torch.float64, train)
    epochs = np.arange(1, trace.curve.shape[1] + 1)
    for curve, epoch in zip(trace.curve, trace.diverged, strict=True):
        np.testing.assert_array_equal(np.isnan(curve), (epochs >= epoch) & (epoch > 0))
    gone = trace.diverged > 0
    assert np.isnan([trace.train_loss[gone], trace.train_score[gone]]).all()
    for outputs in (trace.last, trace.best):
        assert np.isnan(outputs[gone]).all()
        assert np.isfinite(outputs[~gone]).all()
    np.testing.assert_array_equal(trace.best_epoch > 0, ~gone)


NAMES = ("iris", "breast_cancer", "diabetes", "multilabel:rows=60")
OPTIMISERS = ("sgd", "sgd:momentum=0.9", "adam", "adamw")


@pytest.mark.parametrize(
    ("train", "name", "optimiser"),
    [
        *(
            pytest.param(*one.values, name, optimiser, marks=one.marks)
            for one in FAST
            for (i, name), (j, optimiser) in product(enumerate(NAMES), enumerate(OPTIMISERS))
            if (i + j) % 2 == 0
        ),
        *((loop.train, name, optimiser) for name, optimiser in zip(NAMES, OPTIMISERS, strict=True)),
    ],
)
def test_neighbours_stay(train, name: str, optimiser: str) -> None:
    """The neighbours of a model with an absurd rate have the same bits as without it.

    Each data set meets two optimisers and each optimiser two data sets; in the loop, which trains one network at a
    time, one.
    """
    losses = losses_of(name)
    sound = [trial(name, optimizer=optimiser, loss=loss, batch_size=100) for loss in losses]
    absurd = [replace(one, lr=1e37, l2=1e-3) for one in sound]
    mixed = train(pack(*(t for pair in zip(absurd, sound, strict=True) for t in pair)))
    assert (mixed.diverged[::2] > 0).any()
    same_bits(train(pack(*sound)), mixed, list(range(1, 2 * len(losses), 2)))


def test_finite_means_every_output() -> None:
    """One NaN or infinite output of one row is enough."""
    raw = np.zeros((4, 3, 2))
    raw[1, 2, 0], raw[2, 0, 1], raw[3, 1, 1] = np.nan, np.inf, -np.inf
    assert finite(raw).tolist() == [True, False, False, False]
