"""A trial's numbers are a pure function of its record, to the last bit, in single precision."""

from __future__ import annotations

import random
from itertools import cycle, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.backends import Local
from lossbench.training import fused, native
from lossbench.training.pack import Pack
from lossbench.training.thread import one_thread
from lossbench.training.trial import Trial

from .cases import COMPILED, FAST, contaminations, dataset, losses_of, pack, same_bits, trial

# Widths that are no multiple of anything: 2, 3, 4, 10 and 30 features, with one, three and five outputs.
DATASETS = (
    "moons:rows=60",
    "linnerud",
    "iris",
    "diabetes",
    "multilabel:rows=60",
    "breast_cancer",
    "discs:images=11",
    "mixture:rows=50",
    "crescents:rows=50",
    "digits_but",
)
MODELS = ("linear", "mlp:16", "mlp:5:tanh", "mlp:7,3:gelu", "mlp:33,9:sigmoid")
OPTIMISERS = ("sgd", "adam", "adamw")
NETS = Path(__file__).parent / "module" / "nets.py"
RUINOUS = 1e30  # a learning rate that ends in NaN
SCHEDULES = ("constant", "constant", "cosine:warmup=1", "step:step_size=1:clip=0.1", "constant:clip=0.5")


def crowd(name: str, model: str, optimiser: str, batch_size: int) -> list[Trial]:
    """Return trials that could share a pack: all losses, shares, penalties, three seeds, and some that diverge.

    The schedules go round, five of them, so that each meets every value of the other axes.
    """
    plain = {"model": model, "optimizer": optimiser, "batch_size": batch_size}
    task = dataset(name).task
    axes = product(losses_of(name), contaminations(task), (0.0, 1e-3), (0.01, RUINOUS), range(3))
    return [
        trial(name, **plain, loss=loss, l1=strength, l2=strength, lr=rate, seed=seed, schedule=schedule, **dirt)
        for (loss, dirt, strength, rate, seed), schedule in zip(axes, cycle(SCHEDULES), strict=False)
    ]


def sample(trials: list[Trial], size: int, seed: int = 0) -> list[Trial]:
    """Return `size` of the trials in a random order, repeated if there are too few."""
    shuffled = random.Random(seed).sample(trials, len(trials))
    return (shuffled * (1 + size // len(shuffled)))[:size]


def check(train, trials: list[Trial], subsets: list[list[int]]) -> None:
    """Train the trials together and in each of the subsets; the bits must be the same."""
    with one_thread():
        together = train(pack(*trials))
        for subset in subsets:
            same_bits(train(pack(*(trials[index] for index in subset))), together, subset)


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize(
    ("name", "model", "optimiser", "batch_size"),
    [
        (name, MODELS[(i + 2 * j) % len(MODELS)], OPTIMISERS[(i + j) % len(OPTIMISERS)], batch_size)
        for i, name in enumerate(DATASETS)
        for j, batch_size in enumerate((10, 32))
    ],
)
def test_size_of_the_pack_changes_no_bit(train, name: str, model: str, optimiser: str, batch_size: int) -> None:
    """Alone, in twos, in sevens or among 33, a trial has the same bits, even if its neighbours diverge.

    Every data set and every model meet both batch sizes, and each optimiser several of them; all meet where
    company and order are drawn.
    """
    trials = sample(crowd(name, model, optimiser, batch_size), 33)
    check(train, trials, [[32], [31, 5], list(range(30, -1, -5))])


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_five_hundred_change_no_bit(train, name: str) -> None:
    """A trial alone is the same as among five hundred."""
    trials = sample(crowd(name, "mlp:16", "adam", 32), 500)
    check(train, trials, [[0], [250, 7], list(range(493, 500))])


@pytest.mark.parametrize("train", FAST)
@settings(max_examples=settings.default.max_examples // 3, deadline=None)
@given(data=st.data())
def test_company_and_order_change_no_bit(train, data: st.DataObject) -> None:
    """Any part of any pack, in any order, has the bits of the whole pack."""
    draw = data.draw
    shape = [draw(st.sampled_from(axis)) for axis in (DATASETS, MODELS, OPTIMISERS, (10, 32, 50))]
    whole = sample(crowd(*shape), draw(st.integers(2, 40)), seed=draw(st.integers(0, 1000)))
    order = draw(st.permutations(range(len(whole))))
    check(train, whole, [list(order), list(order[: draw(st.integers(1, len(whole)))])])


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("name", ["breast_cancer", "linnerud"])
def test_twins_are_equal(train, name: str) -> None:
    """One trial in every slot of a pack comes out the same in all of them."""
    trace = train(pack(*[trial(name, l1=1e-3)] * 19))
    for field in (trace.curve, trace.last, trace.best):
        np.testing.assert_array_equal(field, np.broadcast_to(field[0], field.shape))


@pytest.mark.parametrize("train", [fused.train, pytest.param(native.train, marks=COMPILED)])
def test_other_processes_change_no_bit(train) -> None:
    """A pack trained in another process has the bits of the same pack trained here, and of a second run here."""
    packs: list[Pack] = [
        pack(*sample(crowd("iris", "mlp:16", "adam", 10), 12)),
        pack(*sample(crowd("diabetes", "mlp:5:tanh", "sgd", 32), 12)),
        pack(*sample(crowd("iris", f"{NETS}:Varied", "adam", 32), 6)),
    ]
    here, again, elsewhere = (dict(Local(jobs).run(train, packs)) for jobs in (1, 1, 2))
    for index in range(len(packs)):
        same_bits(again[index], here[index])
        same_bits(elsewhere[index], here[index])
