"""Modules against the loop, against the same network built in, and against themselves in other company."""

from __future__ import annotations

import random
from itertools import cycle, product
from pathlib import Path

import numpy as np
import pytest
import torch

from lossbench.losses import get_loss
from lossbench.training import fused, loop, native
from lossbench.training.module import many
from lossbench.training.module.many import way_of
from lossbench.training.module.named import find_model
from lossbench.training.pack import Pack
from lossbench.training.thread import one_thread
from lossbench.training.trial import Trial

from ..cases import OPTIMISERS, contaminations, dataset, losses_of, pack, packs_of, same_bits, trial

NETS = str(Path(__file__).with_name("nets.py"))
OWN = tuple(f"{NETS}:{name}" for name in ("Same:width=5", "Varied", "sequence", "Branches"))
MODELS = (*OWN, "resmlp:6x2")
SMALL = (
    "moons:rows=60",
    "iris",
    "linnerud",
    "multilabel:rows=60",
    "demand:rows=60",
    "discs:images=11",
    "mixture:rows=50",
)


def trials_on(name: str, model: str, epochs: int = 2) -> list[Trial]:
    """Return trials of a model: a few losses, every optimiser, penalties, contaminations and rates in turns."""
    losses = [*losses_of(name)[::3], *losses_of(name, outputs=2)[:1]]
    clean, spoilt, leverage = contaminations(dataset(name).task)
    settings = (
        {"batch_size": 9, "l1": 0.003, **spoilt},
        {"seed": 1, "l2": 0.02, **leverage},
        {"seed": 2, "lr": 0.03, **clean},
    )
    pairs = zip(product(losses, OPTIMISERS), cycle(settings), strict=False)
    return [
        trial(name, model=model, loss=loss, optimizer=one, epochs=epochs, **more) for (loss, one), more in pairs
    ]


def agree(group: Pack, tolerance: float = 1e-10) -> None:
    """Require the module engine and the loop to record the same in double precision, but for rounding."""
    found, wanted = fused.train(group, torch.float64), loop.train(group, torch.float64)
    np.testing.assert_array_equal(found.diverged, wanted.diverged)
    for field in ("curve", "last", "best", "train_loss", "train_score"):
        np.testing.assert_allclose(
            getattr(found, field), getattr(wanted, field), rtol=tolerance, atol=tolerance, err_msg=field
        )


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, model in zip(cycle(SMALL), MODELS * 2, strict=False)]
)
def test_the_loop_trains_the_same(name: str, model: str) -> None:
    """Losses, optimisers, penalties and contamination: what the loop records, to 1e-10."""
    chosen = random.Random(0).sample(trials_on(name, model), 6)
    for group in packs_of(name, chosen):
        agree(group)


@pytest.mark.parametrize("model", [OWN[1], "resmlp:6x1"])
def test_an_evolution_strategy_trains_modules(model: str) -> None:
    """Its mutations are those of the loop, parameter by parameter."""
    agree(
        pack(*[trial("iris", model=model, optimizer="es:children=3", lr=0.1, loss=loss) for loss in ("ce", "mse")])
    )


@pytest.mark.parametrize("loss", ["ce", "triplet", "arcface"])
@pytest.mark.parametrize("model", [f"{NETS}:Embeds", "cnn:3,4", "resmlp:6x1"])
def test_modules_learn_embeddings(loss: str, model: str) -> None:
    """The trunk is the embedding, under a loss that sees it as under one with a head of either kind on it."""
    name = "digit_pairs:classes=4:rows=10"
    agree(pack(trial(name, model=model, loss=loss, epochs=1)))


def with_layers_of(group: Pack, module: Pack) -> Pack:
    """Return a pack of modules that begin with the weights of a pack of layers."""
    parts = ([(layer[:, :-1], layer[:, -1]) for layer in layers] for layers in group.weights)
    module.__dict__["weights"] = tuple([part for pair in pairs for part in pair] for pairs in parts)
    return module


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "diabetes"])
def test_the_same_network_is_the_built_in_one(name: str) -> None:
    """A user's module with the layers and first weights of `mlp:16` has its numbers to 1e-10."""
    made = [
        (loss, optimiser, strength)
        for loss, (optimiser, strength) in zip(
            losses_of(name), cycle(zip(OPTIMISERS, (0.0, 0.01, 0.0, 0.003), strict=True)), strict=False
        )
    ]
    for optimiser in OPTIMISERS:
        both = [
            pack(
                *[
                    trial(name, model=model, loss=loss, optimizer=one, l1=strength, l2=strength, epochs=3)
                    for loss, one, strength in made
                    if one == optimiser
                ]
            )
            for model in ("mlp:16", f"{NETS}:Same")
        ]
        wanted, found = fused.train(both[0], torch.float64), fused.train(with_layers_of(*both), torch.float64)
        for field in ("curve", "last", "best", "train_loss"):
            np.testing.assert_allclose(getattr(found, field), getattr(wanted, field), rtol=1e-10, atol=1e-10)


def crowd(name: str, model: str, optimiser: str) -> list[Trial]:
    """Return trials that share a pack, some of which diverge."""
    axes = product(losses_of(name)[:6], contaminations(dataset(name).task), (0.0, 1e-3), (0.01, 1e30), range(3))
    return [
        trial(name, model=model, optimizer=optimiser, loss=loss, l1=size, l2=size, lr=rate, seed=seed, **dirt)
        for loss, dirt, size, rate, seed in axes
    ]


@pytest.mark.parametrize(
    ("name", "model", "optimiser"),
    [
        ("moons:rows=60", OWN[0], "adam"),
        ("iris", OWN[1], "adamw"),
        ("iris", OWN[2], "sgd"),
        ("linnerud", "resmlp:7x1", "adam"),
        ("moons:rows=60", OWN[3], "adam"),
    ],
)
def test_company_changes_no_bit(name: str, model: str, optimiser: str) -> None:
    """Alone, in sevens, in any order and among more than a program holds, a trial has the same bits."""
    everyone = crowd(name, model, optimiser)
    trials = (random.Random(1).sample(everyone, min(len(everyone), 70)) * 2)[:70]
    with one_thread():
        together = fused.train(pack(*trials))
        for subset in ([0], [69, 3], list(range(30, 37)), list(range(66, 0, -3))):
            same_bits(fused.train(pack(*(trials[index] for index in subset))), together, subset)


def test_company_changes_no_bit_of_convolutions() -> None:
    """Nor of the trunk that an embedding's loss sees."""
    name = "digit_pairs:classes=4:rows=10"
    for losses in (("ce", "ce:@label=again"), ("triplet", "supcon")):
        trials = [
            trial(name, model="cnn:5,3", loss=loss, seed=seed, epochs=1) for loss in losses for seed in (0, 1)
        ]
        with one_thread():
            together = fused.train(pack(*trials))
            for subset in ([0], [3, 2]):
                same_bits(fused.train(pack(*(trials[index] for index in subset))), together, subset)


def test_the_native_engine_hands_modules_over() -> None:
    """What has no compiled step is trained by torch, with the bits that it has there."""
    one = pack(trial("iris", model=OWN[0]))
    with one_thread():
        same_bits(native.train(one), fused.train(one))


def test_a_user_s_loss_trains_a_user_s_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are code of the user's own, and both engines agree on them."""
    (tmp_path / "mine.py").write_text(
        "def loss(raw, target):\n    return (raw - target).abs().pow(1.5).mean(-1)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert get_loss("mine.py:loss", "regression").record.code
    agree(pack(trial("linnerud", model=OWN[1], loss="mine.py:loss")))


@pytest.mark.parametrize("model", ["mlp:4", OWN[1]])
def test_a_loss_that_differentiates_by_itself_is_trained(tmp_path: Path, monkeypatch, model) -> None:
    """As one with a penalty on its gradient does: at each step, and where its own value is taken at the end."""
    (tmp_path / "mine.py").write_text(
        "import torch\n\ndef loss(raw, target):\n"
        "    errors = (raw - target).square()\n"
        "    slope, = torch.autograd.grad(errors.sum(), raw, create_graph=True)\n"
        "    return errors.mean() + 0.1 * slope.square().mean()\n"
    )
    monkeypatch.chdir(tmp_path)
    group = pack(trial("linnerud", model=model, loss="mine.py:loss"))
    for train in (native.train, fused.train):
        assert np.isfinite(train(group).train_loss).all()


def test_weights_and_sums_are_those_of_the_loop() -> None:
    """Rows that count unequally, and losses that are sums of others."""
    losses = ("ce", "sum:ce+0.5*mse")
    agree(pack(*[trial("wine:class_weight=balanced", model=OWN[1], loss=loss) for loss in losses[:1]]))
    agree(pack(*[trial("iris", model=OWN[1], loss=loss) for loss in losses]))


def test_who_hangs_on_its_place_is_trained_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in which one place has other bits, be it the last, is not used."""
    whole = many.program

    def uneven(module: torch.nn.Module, width: int) -> many.Run:
        def run(*values):
            raw = whole(module, width)(*values)
            return torch.cat([raw[:1] * (1 + 2**-23), raw[1:]]) if width > 1 else raw

        return run

    many._way.cache_clear()
    assert way_of(find_model(OWN[0]), 4, 3, 32, torch.float32).width > 1
    many._way.cache_clear()
    monkeypatch.setattr(many, "program", uneven)
    way = way_of(find_model(OWN[0]), 4, 3, 32, torch.float32)
    many._way.cache_clear()
    assert (way.width, way.fault) == (1, "the last bits of a model would hang on its place among the others")


def test_what_cannot_be_mapped_says_why() -> None:
    """A module that looks at values is trained alone, and the reason is kept; others are many in a program."""
    fault = way_of(find_model(OWN[3]), 4, 3, 32, torch.float32).fault
    assert fault == "it branches on the values of a tensor"
    for model in (OWN[0], OWN[1], "resmlp:6x1"):
        way = way_of(find_model(model), 4, 3, 32, torch.float32)
        assert way.fault == ""
        assert way.width > 1
