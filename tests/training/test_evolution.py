"""The evolution strategy: its step, that engines agree on it, and that a trial depends on its record."""

from __future__ import annotations

import random
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
import torch

from lossbench.losses.registry import losses_of
from lossbench.training import fused, loop
from lossbench.training.loop.networks import build_network, raw_outputs
from lossbench.training.mutations import Mutations, in_layers
from lossbench.training.network import parse_model
from lossbench.training.pack import Pack
from lossbench.training.thread import one_thread
from lossbench.training.trace import Trace
from lossbench.training.trial import Trial

from .cases import COMPILED, ENGINES, FAST, contaminations, dataset, native_train, pack, packs_of, same_bits, trial

SOME = {
    "moons:rows=60": ("bce", "zero_one", "hinge", "ce", "dice", "f_measure:beta=2", "expected_cost"),
    "iris": ("ce", "hinge"),
    "diabetes": ("mse", "pinball:tau=0.9"),
    "multilabel:rows=60": ("bce",),
}
"""Losses of one output and of two, of a sample and of a whole batch, with a slope and without."""


def crowd(name: str, model: str = "mlp:5:tanh", epochs: int = 2) -> list[Trial]:
    """Return trials that differ in everything in which those of a pack may, and in the number of children."""
    rates, seeds, optimisers = (0.03, 0.3), (0, 1), ("es", "es:children=3")
    axes = product(SOME[name], contaminations(dataset(name).task)[:2], (0.0, 1e-2), rates, seeds, optimisers)
    return [
        trial(
            name,
            model=model,
            epochs=epochs,
            loss=loss,
            l1=by,
            l2=by,
            lr=lr,
            seed=seed,
            optimizer=optimizer,
            **dirt,
        )
        for loss, dirt, by, lr, seed, optimizer in axes
    ]


@lru_cache(maxsize=1)
def by_loop(name: str) -> list[tuple[Pack, Trace]]:
    """Return some packs, trained by the slow engine once for all that are held against it in turn."""
    trials = random.Random(0).sample(crowd(name), 12)
    return [(group, loop.train(group, torch.float64)) for group in packs_of(name, trials)]


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("name", SOME)
def test_engines_take_the_same_steps(train, name: str) -> None:
    """In double precision every engine has the curves and outputs of the loop, to 1e-10."""
    for group, wanted in by_loop(name):
        found = train(group, torch.float64)
        np.testing.assert_allclose(found.curve, wanted.curve, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(found.last, wanted.last, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(found.train_loss, wanted.train_loss, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", SOME)
def test_company_changes_no_bit(name: str) -> None:
    """Alone, in threes, in another order or among all of its pack, a trial has the same bits."""
    group = max(packs_of(name, crowd(name)), key=lambda each: len(each.trials))
    with one_thread():
        together, last = fused.train(group), len(group.trials) - 1
        for subset in ([0], [last], [last, 1, 2], list(range(last, -1, -1))):
            same_bits(fused.train(pack(*(group.trials[index] for index in subset))), together, subset)


@COMPILED
def test_the_compiled_engine_leaves_it_to_the_fused_one() -> None:
    """Both give the same bits."""
    group = pack(*(trial("iris", optimizer="es", seed=seed) for seed in range(2)))
    same_bits(native_train(group), fused.train(group))


def by_hand(children: int, rate: float, one: Trial) -> np.ndarray:
    """Return the raw test outputs of a linear model after one epoch of one batch, written out in numpy."""
    group = pack(one)
    fold, (matrix,) = group.folds[one.seed], group.weights[0]
    signs, rows = 2 * fold.train.target - 1, Mutations(one.dataset, [one.seed], children, matrix.size).draw()[:, 0]
    tried = [matrix, *(matrix + rate * in_layers(row, group.model, matrix.shape[1] - 1, 1)[0] for row in rows)]
    wrong = [np.mean(signs * (fold.train.features @ w[0, :-1] + w[0, -1]) < 0) for w in tried]
    best = 1 + int(np.argmin(wrong[1:]))
    (chosen,) = tried[best] if wrong[best] <= wrong[0] else matrix
    return np.asarray(fold.test.features @ chosen[:-1] + chosen[-1])


@pytest.mark.parametrize("train", ENGINES)
@pytest.mark.parametrize(("children", "rate"), [(1, 0.3), (8, 0.3), (8, 1e-9), (3, 3.0)])
def test_a_step_is_to_the_best_child_unless_it_costs_more(train, children: int, rate: float) -> None:
    """Of children that are as good the first is taken; on a plateau, as good as the parent is good enough."""
    for seed in range(3):
        one = trial(
            "moons:rows=60",
            model="linear",
            loss="zero_one",
            optimizer=f"es:children={children}",
            lr=rate,
            batch_size=1000,
            epochs=1,
            seed=seed,
        )
        found = train(pack(one), torch.float64).last[0, :, 0]
        np.testing.assert_allclose(found, by_hand(children, rate, one), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("train", ENGINES)
def test_a_plateau_is_left(train) -> None:
    """Mutations too small to change any decision are all taken, as ties."""
    plain = {"loss": "zero_one", "optimizer": "es", "lr": 1e-9, "epochs": 1}
    trials = trial("moons:rows=60", **plain), trial("moons:rows=60", **plain | {"epochs": 5})
    first, later = (train(pack(one), torch.float64).last for one in trials)
    assert first.shape == later.shape
    assert (first != later).all()


@pytest.mark.parametrize("train", ENGINES)
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_no_gradient_moves_a_loss_without_a_slope(train, optimiser: str) -> None:
    """Under SGD and Adam, a step leaves a network where it starts, however long and fast."""
    plain = {"optimizer": optimiser, "lr": 10.0}
    flat = [record.name for record in losses_of("binary") if record.flat]
    assert len(flat) >= 3
    ends = [
        train(pack(trial("moons:rows=60", **plain, epochs=epochs, loss=loss))).last
        for epochs, loss in product((1, 20), flat)
    ]
    start = pack(trial("moons:rows=60", **plain, loss=flat[0]))
    untouched = build_network(start, 0, torch.float32)
    wanted = raw_outputs(untouched, torch.tensor(start.folds[0].test.features, dtype=torch.float32))
    for end in ends:
        np.testing.assert_allclose(end[0], wanted, rtol=1e-5, atol=1e-6)


def test_zero_one_learns_without_a_gradient() -> None:
    """After 60 steps on all rows, it decides nine in ten of the training rows right, on every seed."""
    plain = {"model": "linear", "loss": "zero_one", "optimizer": "es", "lr": 0.3, "batch_size": 1000, "epochs": 60}
    trace = fused.train(pack(*(trial("breast_cancer", **plain, seed=seed) for seed in range(4))))
    assert (trace.train_score[:, 0] > 0.9).all()


def test_an_evolution_strategy_minimises_what_it_is_given() -> None:
    """The dearer a positive that is missed, the more rows are called positive, by cost and by F-measure."""
    plain = {"model": "linear", "optimizer": "es", "lr": 0.3, "batch_size": 1000, "epochs": 60}
    losses = "zero_one", "f_measure", "f_measure:beta=4", "expected_cost", "expected_cost:beta=50"
    trials = [trial("imbalanced", **plain, loss=loss, seed=seed) for loss in losses for seed in range(4)]
    called = (fused.train(pack(*trials)).last > 0).mean(axis=(1, 2)).reshape(len(losses), -1).mean(axis=1)
    plainly, f_1, f_4, five, fifty = called
    assert plainly < f_1 < f_4
    assert plainly < five < fifty


def test_mutations_are_of_the_seed_alone() -> None:
    """A seed draws the same beside others, and other numbers than they do; each step draws on."""
    alone, among = Mutations("iris", [3], 4, 7), Mutations("iris", [1, 3], 4, 7)
    for _ in range(3):
        mine, all_of_them = alone.draw(), among.draw()
        np.testing.assert_array_equal(mine[:, 0], all_of_them[:, 1])
        assert (all_of_them[:, 0] != all_of_them[:, 1]).all()
    assert (alone.draw() != mine).all()


def test_layers_are_cut_as_the_fused_engine_keeps_them() -> None:
    """Every number of a row is one of the matrices, which have the shapes of the model's layers."""
    model = parse_model("mlp:3,2")
    layers = in_layers(np.arange(4 * 3 + 4 * 2 + 3.0), model, inputs=3, outputs=1)
    assert [layer.shape for layer in layers] == [(3, 4), (2, 4), (1, 3)]
    assert sorted(np.concatenate([layer.ravel() for layer in layers])) == list(range(23))
