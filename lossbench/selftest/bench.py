"""The speed of the engines on this machine: fused against loop, by the size of the pack.

Everything is measured in one process with one thread, in one run, and reported as ratios. It trains what `compare`
trains: breast_cancer under six losses, contaminated, scored after every epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from timeit import repeat

import pandas as pd
import torch

from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings
from lossbench.training import fused, loop
from lossbench.training.fused.batches import Batches
from lossbench.training.fused.kernels import product, transposed_product
from lossbench.training.fused.layout import Layout
from lossbench.training.fused.network import Network, in_blocks
from lossbench.training.pack import Pack
from lossbench.training.thread import one_thread

SIZES = (1, 10, 30, 100, 300)
LOSSES = ("bce", "mse", "mae", "hinge", "squared_hinge", "focal")
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4)
LOOPED = 3  # models that the loop trains; more would not make it faster
ROUNDS = 3


def measure(sizes: Sequence[int] = SIZES, epochs: int = 10) -> pd.DataFrame:
    """Train packs of several sizes with both engines and time them.

    Args:
        sizes: numbers of models.
        epochs: passes over the training rows.

    Returns:
        One row for each size: models, fused_per_second and loop_per_second (trainings), ratio of the two, and
        products_share, the share of the fused engine's time that its matrix products alone would take.
    """
    whole = make_pack(max(sizes), epochs)
    with one_thread():
        looped = best(lambda: loop.train(first(whole, LOOPED))) / min(LOOPED, len(whole.trials))
        rows = [row(first(whole, size), looped) for size in sizes]
    return pd.DataFrame(rows)


def make_pack(
    models: int, epochs: int, dataset: str = "breast_cancer", model: str = "mlp:16", losses: Sequence[str] = LOSSES
) -> Pack:
    """Return a pack of trials on one data set: losses × shares × as many seeds as are needed."""
    settings = make_settings(
        datasets=dataset,
        losses=losses,
        models=model,
        epochs=epochs,
        seeds=-(-models // (len(losses) * len(SHARES))),
        outliers=SHARES,
    )
    experiment = plan(settings)
    trials = sorted(experiment.trials, key=lambda trial: trial.seed)[:models]
    return Pack(experiment.setups[0], tuple(trials))


def first(pack: Pack, models: int) -> Pack:
    """Return the first models of a pack as one of their own."""
    return replace(pack, trials=pack.trials[:models])


def row(pack: Pack, looped: float) -> dict[str, float]:
    """Time one pack; `looped` is the loop's time for one model, in seconds."""
    models, seconds = len(pack.trials), best(lambda: fused.train(pack))
    return {
        "models": models,
        "fused_per_second": models / seconds,
        "loop_per_second": 1 / looped,
        "ratio": looped * models / seconds,
        "products_share": products(pack) / seconds,
    }


def products(pack: Pack) -> float:
    """Return the time that the matrix products of a pack's training alone would take, in seconds."""
    layout = Layout.of(pack)
    network, batches = Network(layout), Batches(layout)
    steps = [batches.features(batch) for batch in batches.epoch(0)]
    delta = torch.zeros_like(network.forward(steps[0]))

    def epoch() -> None:
        for features in steps:
            multiply(network, features, delta)

    return pack.epochs * best(epoch)


def multiply(network: Network, features: torch.Tensor, delta: torch.Tensor) -> None:
    """Do only the products of one step, forward and backward.

    Args:
        network: of the pack.
        features: (blocks, columns, inputs + 1).
        delta: (models, outputs, columns), in place of the gradient of the loss.
    """
    product(in_blocks(network.layers[0]), features.transpose(1, 2).unsqueeze(1), in_blocks(network.room(0)[1]))
    for index in reversed(range(1, len(network.layers))):
        below = network.hidden[index - 1]
        product(network.layers[index], below, network.room(index)[1])
        product(delta, below.transpose(1, 2), network.gradients[index])
        delta = transposed_product(network.layers[index][:, :, :-1], delta)
    product(in_blocks(delta), features.unsqueeze(1), in_blocks(network.gradients[0]))


def best(work: Callable[[], object]) -> float:
    """Return the shortest time of a few calls, in seconds, after one call that is not timed."""
    work()
    return min(repeat(work, number=1, repeat=ROUNDS))
