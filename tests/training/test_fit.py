"""How well a network fits the rows that it was trained on: the loss itself, and the score."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from sklearn import metrics

from lossbench.data.dataset import Dataset
from lossbench.losses import get_loss
from lossbench.training.loop.cost import Cost
from lossbench.training.loop.engine import follow
from lossbench.training.loop.networks import raw_outputs
from lossbench.training.pack import Pack
from lossbench.training.targets import encoded, offset_of, prior_of
from lossbench.training.trial import Trial

from .cases import ENGINES, contaminations, dataset, losses_of, pack, packs_of, trial

EVERY = pytest.mark.parametrize("train", ENGINES)
NAMES = ("moons:rows=60", "iris", "multilabel:rows=60", "linnerud", "demand:rows=60", "digit_pairs:classes=4")


def every_trial(name: str) -> list[Trial]:
    """Return every loss of a data set in turn on clean rows and on contaminated ones, with penalties."""
    dirt = contaminations(dataset(name).task)
    losses = [*losses_of(name), *losses_of(name, outputs=2)]
    return [
        trial(name, loss=loss, epochs=2, batch_size=13, l1=0.01, l2=0.1, lr=0.03, **dirt[number % len(dirt)])
        for number, loss in enumerate(losses)
    ]


def evaluated(group: Pack, index: int, network: torch.nn.Module) -> float:
    """Return the mean of what `get_loss` gives for a network's outputs on a trial's own training rows."""
    one, part = group.trials[index], group.training[index]
    loss = get_loss(one.loss, one.task, group.dataset.targets)
    offset = torch.tensor(offset_of(group, index))
    raw = torch.tensor(raw_outputs(network, torch.tensor(part.features))) + offset
    prior = {name: torch.tensor(share) for name, share in prior_of(group, index).items()}
    target = torch.tensor(encoded(group, index))
    if not loss.record.whole_batch:
        return float(loss(raw, target, **prior).mean())
    batches = torch.tensor(group.orders[one.seed][0]).split(group.batch_size)
    return sum(float(loss(raw[rows], target[rows])) * len(rows) for rows in batches) / len(raw)


@lru_cache(maxsize=1)
def fitted(name: str) -> list[tuple[Pack, np.ndarray]]:
    """Return the packs of a data set with these means of both networks, for one engine after another."""
    packs = packs_of(name, every_trial(name))
    return [(group, np.array([fit(group, index) for index in range(len(group.trials))])) for group in packs]


def fit(group: Pack, index: int) -> list[float]:
    """Return these means of one trial's last and best network."""
    course = follow(Cost(group, index, torch.float64))
    return [evaluated(group, index, network) for network in (course.last, course.best)]


@EVERY
@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_what_get_loss_gives(train, name: str) -> None:
    """Of every loss, without penalties, on contaminated rows where they are: of the last and of the best network.

    A loss of whole batches is averaged over the batches of the first epoch, by their rows.
    """
    for group, wanted in fitted(name):
        np.testing.assert_allclose(train(group, torch.float64).train_loss, wanted, rtol=1e-9, atol=1e-9)


@EVERY
@pytest.mark.parametrize("name", ["moons:rows=60", "iris", "linnerud"])
def test_the_score_is_scikit_learns(train, name: str) -> None:
    """Of the same outputs, against the targets that were trained on: accuracy, or the mean R² of the targets."""
    dirt = contaminations(dataset(name).task)[1]
    group = pack(trial(name, epochs=5, lr=0.03, **dirt))
    last = follow(Cost(group, 0, torch.float64)).last
    part = group.training[0]
    raw = raw_outputs(last, torch.tensor(part.features))
    decided = (raw[:, 0] > 0) if raw.shape[1] == 1 else raw.argmax(axis=1)
    judge = {"linnerud": lambda: metrics.r2_score(part.target, raw)}
    wanted = judge.get(name, lambda: metrics.accuracy_score(part.target.ravel(), decided))()
    assert train(group, torch.float64).train_score[0, 0] == pytest.approx(wanted, abs=1e-9)


@EVERY
@pytest.mark.parametrize("name", ["linnerud", "diabetes"])
def test_squared_error_is_what_r2_leaves(train, name: str) -> None:
    """On clean rows a standardised target has the variance 1, so the loss is 1 - R²."""
    trace = train(pack(*(trial(name, loss="mse", lr=rate, epochs=4) for rate in (0.1, 0.01))), torch.float64)
    np.testing.assert_allclose(trace.train_loss, 1 - trace.train_score, rtol=1e-9)


@EVERY
def test_at_the_best_epoch_it_is_that_of_a_training_that_ends_there(train) -> None:
    """Stopped at the best epoch, the last fit is the best."""
    whole = train(pack(trial("wine", lr=0.1, epochs=9, seed=3)), torch.float64)
    best = int(whole.best_epoch[0])
    assert best < 9
    short = train(pack(trial("wine", lr=0.1, epochs=best, seed=3)), torch.float64)
    for field in ("train_loss", "train_score"):
        found = getattr(whole, field)[0]
        np.testing.assert_allclose(getattr(short, field)[0], found[1], rtol=1e-9)
    assert whole.train_loss[0, 0] != whole.train_loss[0, 1]


@EVERY
@pytest.mark.parametrize(
    "named", ["torch.nn:MSELoss", "torch.nn:MSELoss:reduction=none", "scaled:factor=1:loss=mse"]
)
def test_by_another_road_it_is_the_same(train, named: str) -> None:
    """Squared error as one number a batch, as a value an output, or times one, fits as the built-in one does."""
    for group in packs_of("diabetes", [trial("diabetes", loss=loss, epochs=2) for loss in ("mse", named)]):
        trace = train(group, torch.float64)
        np.testing.assert_allclose(trace.train_loss, 1 - trace.train_score, rtol=1e-9)


@EVERY
def test_without_a_best_epoch_there_is_no_fit_at_it(train) -> None:
    """Where the validation score is undefined throughout, nothing stands for the best epoch."""
    rows = dataset("linnerud")
    target = np.zeros((rows.rows, 1))
    target[0] = 1
    lone = Dataset("lone", "regression", rows.features, target, classes=("y",), feature_names=rows.feature_names)
    for seed in range(20):
        one = pack(trial("linnerud", seed=seed))
        group = Pack(replace(one.setup, dataset=lone), (replace(one.trials[0], dataset="lone"),))
        if group.folds[seed].train.target.any():
            trace = train(group)
            break
    assert np.isnan(trace.curve).all()
    assert np.isfinite(trace.train_loss[0, 0])
    assert np.isnan([trace.train_loss[0, 1], trace.train_score[0, 1]]).all()
