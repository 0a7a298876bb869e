"""The module of a loss in a loop of plain PyTorch, against the networks that lossbench trains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from lossbench.losses import catalogue
from lossbench.training import loop
from lossbench.training.loop.networks import build_network
from lossbench.training.pack import Pack
from lossbench.training.targets import encoded, offset_of, prior_of

from .cases import losses_of, packs_of, trial

DATASETS = (
    "moons:rows=60",
    "imbalanced:rows=100",
    "iris",
    "multilabel:rows=60",
    "linnerud",
    "demand:rows=60",
)
OPTIMISERS = {
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
    "sgd:momentum=0.9": lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9),
}


def plain_loop(pack: Pack, index: int) -> torch.Tensor:
    """Train as anybody does, with the loss as a module, and return the raw outputs for the test rows.

    The target of a loss that needs its own zero is divided by its scale, and the network starts at its mean.
    """
    one, loss, double = pack.trials[index], pack.losses[index], torch.float64
    network = build_network(pack, index, double)
    criterion = loss.module(torch.tensor(shares["prior"]) if (shares := prior_of(pack, index)) else None)
    optimiser = OPTIMISERS[one.optimizer](network.parameters())
    features = torch.tensor(pack.training[index].features, dtype=double)
    start, target = torch.tensor(offset_of(pack, index)), torch.tensor(encoded(pack, index))
    for order in torch.tensor(pack.orders[one.seed]):
        for rows in order.split(pack.batch_size):
            optimiser.zero_grad()
            criterion(network(features[rows]) + start, target[rows]).backward()
            optimiser.step()
    return network(torch.tensor(pack.folds[one.seed].test.features, dtype=double)).detach()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("name", DATASETS)
def test_it_trains_the_networks_that_the_loop_trains(name: str, optimiser: str) -> None:
    """Every loss, with its defaults and with others: the same outputs after two epochs, in double precision.

    Each with one of the optimisers, which see gradients and no loss.
    """
    specs = [*losses_of(name), *losses_of(name, outputs=2)][[*OPTIMISERS].index(optimiser) :: len(OPTIMISERS)]
    trials = [trial(name, loss=spec, optimizer=optimiser) for spec in specs]
    for pack in packs_of(name, trials):
        found = np.stack([plain_loop(pack, index) for index in range(len(pack.trials))])
        wanted = loop.train(pack, torch.float64).last
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


def test_dirty_rows_train_alike() -> None:
    """Labels that were flipped, and another seed: the module sees what the loop sees."""
    base = trial("moons:rows=60", seed=3, outlier_kind="label", outlier_fraction=0.2)
    trials = [replace(base, loss=loss) for loss in ("bce", "mae", "dice", "weighted_bce")]
    (pack,) = packs_of("moons:rows=60", trials)
    found = np.stack([plain_loop(pack, index) for index in range(len(pack.trials))])
    np.testing.assert_allclose(found, loop.train(pack, torch.float64).last, rtol=1e-10, atol=1e-10)


def test_every_core_loss_takes_part() -> None:
    """Each of their tasks runs on at least one of these data sets."""
    ran = {(trial(name).task, spec) for name in DATASETS for width in (1, 2) for spec in losses_of(name, width)}
    tasks = {trial(name).task for name in DATASETS}
    assert {(record.task, record.name) for record in catalogue() if record.core and record.task in tasks} <= ran
