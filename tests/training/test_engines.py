"""The fast engines against the loop engine, and the loop engine against a gradient step written out in numpy."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from itertools import chain, cycle, product

import numpy as np
import pytest
import torch

from lossbench.losses import catalogue
from lossbench.losses.registry import losses_of as losses_of_task
from lossbench.task import TASKS
from lossbench.training import loop
from lossbench.training.optimisers import parse_optimiser
from lossbench.training.pack import Pack
from lossbench.training.trace import Trace
from lossbench.training.trial import Trial

from .cases import ENGINES, FAST, MODELS, OPTIMISERS, contaminations, dataset, losses_of, pack, packs_of, trial

EPSILON = np.finfo(float).eps

DATASETS = (
    "breast_cancer",
    "moons:rows=60",
    "imbalanced:rows=100",
    "iris",
    "wine",
    "multilabel:rows=60",
    "linnerud",
    "diabetes",
    "demand:rows=60",
    "discs:images=20",
    "mixture:rows=60",
    "crescents:rows=60",
    "digits_but",
)

LARGE = ("breast_cancer", "diabetes", "discs:images=20", "digits_but")
"""On these the loop is slow; their losses meet the other models on the small data sets of the same task."""

MEETINGS = [(name, model) for name in DATASETS for model in (MODELS[:2] if name in LARGE else MODELS)]


def settings(name: str) -> list[dict[str, object]]:
    """Return five settings of everything but loss and optimiser.

    Nine divides some of the training parts, 32 none. Nine is odd: the gradients ±1/n of the absolute error cannot
    cancel to an exact zero in one order of summation and to 1e-17 in another, from which Adam, dividing by
    √v̂ + 1e-8, would make a difference of 1e-9 learning rates.
    """
    clean, spoilt, leverage = contaminations(dataset(name).task)
    return [
        {},
        {"seed": 1, "batch_size": 9, "lr": 0.03, **spoilt},
        {"seed": 1, "l1": 0.01, "l2": 0.02, "schedule": "cosine:warmup=1:clip=0.3", **leverage},
        {"seed": 2, "batch_size": 9, "l1": 0.003, **clean},
        {"lr": 0.001, "l2": 0.1, "schedule": "step:step_size=1:gamma=0.3:clip=2", **spoilt},
    ]


def every_trial(name: str, model: str, epochs: int) -> list[Trial]:
    """Return every loss with every optimiser; five settings cycle through four optimisers, so all pairs occur."""
    losses = [*losses_of(name), *losses_of(name, outputs=2)]
    return [
        trial(name, model=model, loss=loss, optimizer=optimiser, epochs=epochs, **setting)
        for (loss, optimiser), setting in zip(product(losses, OPTIMISERS), cycle(settings(name)), strict=False)
    ]


def share_of(trials: list[Trial], name: str, model: str) -> list[Trial]:
    """Return half of the losses, each with one of the optimisers; the next small data set has the other half.

    So loss, model and optimiser meet in pairs, somewhere. All three need not meet: an optimiser sees gradients and
    no loss. A data set that has its task for itself has all of them; a large one beside small ones, on which only
    the widths are others, a quarter.
    """
    small = [other for other in DATASETS if other not in LARGE and dataset(other).task == dataset(name).task]
    parts = 4 if small and name in LARGE else min(2, max(1, len(small)))
    part = small.index(name) if name in small else 0
    one_in, shift = len(OPTIMISERS) * parts, MODELS.index(model) + len(OPTIMISERS) * (part % parts)
    return [one for i, one in enumerate(trials) if (i // len(OPTIMISERS) + i + shift) % one_in == 0]


def two_models(name: str) -> tuple[str, ...]:
    """Return the models of what is compared in single precision on a data set: by task, so that all occur.

    Each loss meets sgd with one of them and Adam with the other, see `share_of`.
    """
    first = TASKS.index(dataset(name).task) % 3
    return MODELS[first], MODELS[first + 2]


@lru_cache(maxsize=len(MODELS))
def by_loop(name: str, model: str, epochs: int, dtype: torch.dtype) -> list[tuple[Pack, Trace]]:
    """Return the packs of a meeting, trained by the slow engine once for all that are held against it in turn."""
    trials = share_of(every_trial(name, model, epochs), name, model)
    return [(group, loop.train(group, dtype)) for group in packs_of(name, trials)]


MAGNIFYING = (
    ("diabetes", "linear", "gamma", "sgd:momentum=0.9"),
    ("diabetes", "linear", "gaussian_nll", "sgd:momentum=0.9"),
)
"""Trainings that magnify every rounding, as `test_what_is_not_compared_magnifies_rounding` shows of each.

Their outputs grow with every step, or their slopes hold a reciprocal of a prediction near zero.
"""


SIGNS = ("epsilon_insensitive", "multi_margin")
"""Losses whose slope is a sign or zero, so that a batch's may cancel, on any data."""

HALVED = dict.fromkeys(("linnerud", "demand:rows=60"), ("mae", "pinball"))
"""Losses whose slope is a sign, on data so small that as many rows may lie above a prediction as below."""


def steady(group: Pack) -> np.ndarray:
    """Say which trainings of a pack are compared."""
    return np.array([(t.dataset, t.model, t.loss, t.optimizer) not in MAGNIFYING for t in group.trials])


def compare(left: Trace, right: Trace, rows: np.ndarray, tolerance: float) -> None:
    """Require two traces to be the same but for rounding."""
    np.testing.assert_array_equal(left.diverged, right.diverged)
    np.testing.assert_array_equal(left.best_epoch[rows], right.best_epoch[rows])
    for field in ("curve", "last", "best", "train_loss", "train_score"):
        found, wanted = getattr(left, field)[rows], getattr(right, field)[rows]
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance, err_msg=field)


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize(("name", "model"), MEETINGS)
def test_engines_agree_in_double_precision(train, name: str, model: str) -> None:
    """Every loss and optimiser: the same curve, outputs, best epoch and fit, to 1e-10, after two epochs."""
    trials, compared = 0, 0
    for group, looped in by_loop(name, model, 2, torch.float64):
        rows = steady(group)
        compare(train(group, torch.float64), looped, rows, 1e-10)
        trials, compared = trials + len(rows), compared + rows.sum()
    assert trials - compared <= 2 < trials


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("name", [name for name in DATASETS if name not in LARGE])
def test_engines_agree_in_single_precision(train, name: str) -> None:
    """The same test outputs after one epoch, on the small data sets.

    To 1e-5 for sgd (measured: 3e-6), to 5e-4 for Adam (measured: 5e-5).

    Adam divides a gradient by its own size: what rounding leaves of one that is zero becomes a real step. Where
    the signs of a batch may cancel, a loss is compared under sgd alone.
    """
    trials, compared = 0, 0
    for group, looped in chain.from_iterable(by_loop(name, model, 1, torch.float32) for model in two_models(name)):
        optimiser, _ = parse_optimiser(group.trials[0].optimizer)
        tolerance = 1e-5 if optimiser == "sgd" else 5e-4
        signs = np.array([loss.name in (*SIGNS, *HALVED.get(name, ())) for loss in group.losses])
        rows = steady(group) & ~(signs & (optimiser != "sgd"))
        np.testing.assert_allclose(train(group).last[rows], looped.last[rows], rtol=tolerance, atol=tolerance)
        trials, compared = trials + len(rows), compared + rows.sum()
    assert compared >= trials * 0.9


def test_loss_model_and_optimiser_meet_in_pairs() -> None:
    """Every loss, each parameter moved too, meets each model and optimiser, if its task has a small data set."""
    met: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, model in MEETINGS:
        for one in share_of(every_trial(name, model, epochs=2), name, model):
            met[one.task, one.loss] |= {one.model, one.optimizer}
    small = {dataset(name).task for name in DATASETS if name not in LARGE}
    found = {frozenset(others) for (task, _), others in met.items() if task in small}
    assert found == {frozenset((*MODELS, *OPTIMISERS))}
    for name in DATASETS:
        losses = {(dataset(name).task, loss) for width in (1, 2) for loss in losses_of(name, width)}
        assert losses <= set(met)


def test_every_loss_meets_sgd_and_adam_in_single_precision() -> None:
    """Each parameter moved too, and every model occurs."""
    met: dict[tuple[str, str], set[str]] = defaultdict(set)
    small = [name for name in DATASETS if name not in LARGE]
    for name in small:
        for model in two_models(name):
            for one in share_of(every_trial(name, model, epochs=1), name, model):
                met[one.task, one.loss].add(one.optimizer.partition(":")[0][:3])
    assert set(met) == {
        (dataset(name).task, loss) for name in small for width in (1, 2) for loss in losses_of(name, width)
    }
    assert {model for name in small for model in two_models(name)} == set(MODELS)
    assert {frozenset(kinds) for kinds in met.values()} == {frozenset(("sgd", "ada"))}


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize(("name", "model", "loss", "optimiser"), MAGNIFYING)
def test_what_is_not_compared_magnifies_rounding(train, name: str, model: str, loss: str, optimiser: str) -> None:
    """The loop's result moves over ten times as far as its rate, and the engines differ by rounding times that.

    The rate is moved by far more than a rounding, so that the factor is a property of the training and not of the
    processor, on which only the last digits hang.
    """
    every = (replace(one, schedule="constant") for one in every_trial(name, model, epochs=3))  # none is clipped
    trials = [one for one in every if (one.loss, one.optimizer) == (loss, optimiser)]
    wanted, found = (engine(pack(*trials), torch.float64).last for engine in (loop.train, train))
    factor = max(moved(trials, by, wanted) / by for by in (1e-12, 1e-10, 1e-8))
    assert factor > 10
    assert distance(found, wanted) < 100 * EPSILON * factor


def moved(trials: list[Trial], by: float, wanted: np.ndarray) -> float:
    """Return how far the loop's outputs move where every rate grows by a share."""
    faster = [replace(one, lr=one.lr * (1 + by)) for one in trials]
    return distance(loop.train(pack(*faster), torch.float64).last, wanted)


def distance(found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the largest difference of two arrays, relative where they are large."""
    return float(np.max(abs(found - wanted) / (1 + abs(wanted))))


@pytest.mark.parametrize("task", [task for task in TASKS if task != "embedding"])
def test_every_loss_takes_part(task: str) -> None:
    """Each loss of the catalogue runs on one of these data sets; those of embeddings in test_embedded.py."""
    names = [name for name in DATASETS if dataset(name).task == task]
    outputs = {record.outputs_per_target for record in catalogue()}
    specs = {loss for name in names for width in outputs for loss in losses_of(name, width)}
    assert {spec.partition(":")[0] for spec in specs} == {record.name for record in losses_of_task(task)}


def gradient_descent(group: Pack, rate: float, l1: float, l2: float) -> np.ndarray:
    """Return the raw test outputs of a linear model after gradient descent on the squared error, by hand."""
    fold, (matrix,) = group.folds[0], group.weights[0]
    weights, bias = matrix[:, :-1].copy(), matrix[:, -1].copy()
    for order in group.orders[0]:
        for start in range(0, len(order), group.batch_size):
            rows = order[start : start + group.batch_size]
            features, target = fold.train.features[rows], fold.train.target[rows]
            slope = 2 * (features @ weights.T + bias - target) / target.size
            weights, bias = (
                weights - rate * (slope.T @ features + l1 * np.sign(weights) + 2 * l2 * weights),
                bias - rate * slope.sum(axis=0),
            )
    return np.asarray(fold.test.features @ weights.T + bias)


@pytest.mark.parametrize("train", ENGINES)
@pytest.mark.parametrize(("batch_size", "epochs"), [(1000, 1), (5, 1), (7, 3)])
@pytest.mark.parametrize("name", ["linnerud", "diabetes"])
def test_gradient_descent_is_what_it_says(train, name: str, batch_size: int, epochs: int) -> None:
    """θ ← θ − η ∇(mean squared error + l1 Σ|w| + l2 Σw²), batch by batch, penalties on weights only."""
    plain = {"model": "linear", "loss": "mse", "optimizer": "sgd", "batch_size": batch_size, "epochs": epochs}
    group = pack(trial(name, **plain, lr=0.05, l1=0.01, l2=0.02))
    wanted = gradient_descent(group, rate=0.05, l1=0.01, l2=0.02)
    np.testing.assert_allclose(train(group, torch.float64).last[0], wanted, rtol=1e-12, atol=1e-12)
