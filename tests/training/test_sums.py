"""Sums of losses in training: the same in every engine, and each part's gradient told apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lossbench.losses import get_loss
from lossbench.training import loop
from lossbench.training.loop.cost import Cost
from lossbench.training.loop.networks import build_network
from lossbench.training.trial import Trial

from .cases import ENGINES, FAST, packs_of, same_bits, trial

SUMS = {
    "moons:rows=60": ("sum:bce+0.5*dice", "sum:0.1*weighted_bce+w*focal:w=3", "sum:bce+mse+bce", "bce"),
    "iris": ("sum:ce+0.3*focal:gamma=1", "sum:w*ce+logit_adjusted:w=0.2", "mse"),
    "linnerud": (
        *("sum:mse+w*mae:w=2", "sum:huber+huber:delta_1=0.5", "sum:0.5*log_cosh+mse"),
        *("sum:mse+0.5*torch.nn:L1Loss", "sum:(torch.nn:HuberLoss:delta=0.5:reduction=none)+w*mse:w=2"),
    ),
    "demand:rows=60": ("sum:mape+0.1*smape", "mse"),
    "discs:images=20": ("sum:bce+0.5*dice", "sum:focal+w*jaccard:w=2", "dice"),
    "multilabel:rows=60": ("sum:bce+0.5*soft_f1", "sum:bce+0.5*mse"),
}


def trials_on(name: str, **changes: object) -> list[Trial]:
    """Two seeds of every sum on a data set."""
    return [trial(name, loss=loss, seed=seed, **changes) for loss in SUMS[name] for seed in (0, 1)]


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("name", SUMS)
def test_engines_agree_on_sums(train, name: str) -> None:
    """Curves, outputs, fit and the norm of each part's gradient are those of the loop, to 1e-10."""
    for group in packs_of(name, trials_on(name, optimizer="sgd", batch_size=9)):
        found, wanted = train(group, torch.float64), loop.train(group, torch.float64)
        assert (found.slopes is None) == (wanted.slopes is None) == (not group.parts)
        for field in ("curve", "last", "best", "train_loss", *(("slopes",) if group.parts else ())):
            np.testing.assert_allclose(getattr(found, field), getattr(wanted, field), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("train", ENGINES)
def test_a_trial_is_the_same_alone(train) -> None:
    """To the last bit, the gradients of its parts too, whatever stands beside it in a pack."""
    for group in packs_of("moons:rows=60", trials_on("moons:rows=60")):
        together = train(group, torch.float32)
        for index, one in enumerate(group.trials):
            ((alone,),) = (packs_of("moons:rows=60", [one]),)
            single = train(alone, torch.float32)
            same_bits(single, together, [index])
            if alone.parts:
                np.testing.assert_array_equal(single.slopes[0], together.slopes[index, :, : alone.parts])


@pytest.mark.parametrize("train", ENGINES)
def test_the_gradient_of_a_weighted_part_is_so_much_longer(train) -> None:
    """In the first step of all; and parts that are the same loss have equal shares throughout."""
    (group,) = packs_of("moons:rows=60", [trial("moons:rows=60", loss="sum:bce+3*bce", epochs=3)])
    slopes = train(group, torch.float64).slopes[0]
    np.testing.assert_allclose(slopes[:, 1], 3 * slopes[:, 0], rtol=1e-12)
    assert (slopes > 0).all()


def test_the_norm_is_that_of_the_gradient() -> None:
    """Of the batch mean with respect to the raw outputs: of a single batch, by hand."""
    (group,) = packs_of("linnerud", [trial("linnerud", loss="sum:mse+0.5*mae", epochs=1, batch_size=1000)])
    cost = Cost(group, 0, torch.float64)
    raw = build_network(group, 0, torch.float64)(cost.features).detach().requires_grad_()
    wanted = []
    for weight, name in ((1.0, "mse"), (0.5, "mae")):
        value = weight * get_loss(name, "regression").per_sample(raw, cost.target).mean()
        wanted.append(torch.autograd.grad(value, raw)[0].norm().item())
    np.testing.assert_allclose(loop.train(group, torch.float64).slopes[0, 0], wanted, rtol=1e-12)


def test_without_a_gradient_there_is_nothing_to_share() -> None:
    """An evolution strategy compares values, of sums too, and nothing is recorded of slopes."""
    for train in (loop.train, FAST[0].values[0]):
        (group,) = packs_of("iris", [trial("iris", loss="sum:ce+mse", optimizer="es", lr=0.1, epochs=1)])
        assert train(group, torch.float64).slopes is None
