"""Rows that do not count alike: the same under every loss, in every engine."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from lossbench.data.dataset import Dataset
from lossbench.losses import get_loss
from lossbench.training import loop, native
from lossbench.training.loop.cost import Cost
from lossbench.training.native import library
from lossbench.training.native.build import LEVELS
from lossbench.training.native.losses import TORCH, number_of
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.trace import Trace
from lossbench.training.trial import Trial

from .cases import COMPILED, ENGINES, FAST, contaminations, dataset, losses_of, same_bits, setup, trial

TABLES = ("moons:rows=60", "wine", "linnerud")
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)


def weighted(name: str) -> Dataset:
    """Return a data set whose rows do not count alike: some not at all, and classes alike where there are some."""
    table = dataset(name).sample(0)
    weights = np.arange(table.rows) % 4 / 3
    return replace(table, draw=None, weights=weights, balanced=table.task != "regression")


def packs(data: Dataset, trials: list[Trial]) -> list[Pack]:
    """Return trials on a weighted data set in packs, the losses of whole batches left out."""
    made = setup(trials[0].dataset, trials)
    apart = [one for one in trials if not made.losses[one.loss].record.whole_batch]
    return make_packs(replace(made, dataset=data), apart)


def trials_on(name: str, **changes: Any) -> list[Trial]:
    """Return a trial of every loss that runs on a data set; every other one on contaminated rows."""
    every = [spec for outputs in (1, 2) for spec in losses_of(name, outputs) if ":" not in spec]
    dirt = contaminations(dataset(name).task)
    return [trial(name, loss=loss, **dirt[place % 2], **changes) for place, loss in enumerate(every)]


@cache
def by_loop(name: str) -> list[tuple[Pack, Trace]]:
    """Return weighted trainings by the slow engine, once for all that are held against it."""
    return [(one, loop.train(one, torch.float64)) for one in packs(weighted(name), trials_on(name, batch_size=9))]


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("name", TABLES)
def test_engines_agree_on_weighted_rows(train, name: str) -> None:
    """Every loss a row, compiled or by torch: the same curve, outputs and fit as in the loop, to 1e-10."""
    for group, wanted in by_loop(name):
        found = train(group, torch.float64)
        for field in ("curve", "last", "best", "train_loss", "train_score"):
            np.testing.assert_allclose(getattr(found, field), getattr(wanted, field), rtol=1e-10, atol=1e-10)


@COMPILED
@pytest.mark.parametrize("level", LEVELS)
def test_levels_agree_on_weighted_rows(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    """In double precision with the loop to 1e-10; in single, after an epoch, to 5e-4 with double."""
    if level not in library.levels():
        pytest.skip("this processor has no such vectors")
    monkeypatch.setenv(library.FORCED, level)
    for name in TABLES:
        for group, wanted in by_loop(name):
            np.testing.assert_allclose(native.train(group, DOUBLE).last, wanted.last, rtol=1e-10, atol=1e-10)
        for group in packs(weighted(name), trials_on(name, epochs=1, batch_size=9)):
            found, exact = (native.train(group, kind).last for kind in (SINGLE, DOUBLE))
            np.testing.assert_allclose(found, exact, rtol=5e-4, atol=5e-4)


@pytest.mark.parametrize("train", ENGINES)
def test_equal_weights_are_none(train) -> None:
    """Rows of one weight give the bits that they give without any, in single precision too."""
    for name in TABLES:
        table, trials = replace(dataset(name).sample(0), draw=None), trials_on(name, epochs=1)
        alike = packs(replace(table, weights=np.full(table.rows, 2.0)), trials)
        for group, plain in zip(alike, packs(table, trials), strict=True):
            same_bits(train(group, torch.float32), train(plain, torch.float32))


@pytest.mark.parametrize("train", FAST)
def test_a_weighted_trial_is_the_same_alone(train) -> None:
    """To the last bit, whatever trains beside it."""
    trials = trials_on("moons:rows=60", epochs=1, batch_size=9)
    for group in packs(weighted("moons:rows=60"), trials):
        together = train(group, torch.float32)
        for index in range(0, len(group.trials), 4):
            alone = replace(group, trials=group.trials[index : index + 1])
            same_bits(train(alone, torch.float32), together, [index])


@pytest.mark.parametrize("name", TABLES)
def test_a_whole_weight_is_so_many_rows(name: str) -> None:
    """The mean of all training rows is that of a table with each row as often as its weight says, none for 0."""
    data = replace(weighted(name), balanced=False)
    for group in packs(data, trials_on(name, epochs=1)):
        for index, loss in enumerate(group.losses):
            if loss.record.prior:
                continue  # it knows the classes' shares of the rows, which are not weighted
            cost = Cost(group, index, torch.float64)
            raw = torch.linspace(-2, 2, len(cost.target) * group.outputs, dtype=torch.float64)
            raw = raw.reshape(len(cost.target), group.outputs)
            times = torch.tensor(np.round(3 * data.weights[group.folds[0].train.rows]).astype(int))
            repeated = torch.repeat_interleave(torch.arange(len(raw)), times)
            each = loss.per_sample(raw + cost.offset, cost.target)
            whole = cost.mean(raw, torch.arange(len(raw)))
            torch.testing.assert_close(whole, each[repeated].mean(), rtol=1e-12, atol=1e-12)


@COMPILED
def test_weights_reach_losses_of_both_roads() -> None:
    """Among the losses above are compiled ones and ones that torch evaluates."""
    numbers = [number_of(get_loss(spec, "regression")) for spec in losses_of("linnerud")]
    assert TORCH in numbers
    assert max(numbers) > TORCH
