"""Measure the speed of the engines on this machine, native, fused and loop, by the size of the pack.

Everything is measured in one run, in one process with one thread, and reported as ratios. The trainings are like
those of `compare`: breast_cancer under six losses, contaminated, scored after every epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from timeit import repeat

import numpy as np
import pandas as pd

from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings
from lossbench.training import fused, loop, native
from lossbench.training.pack import Pack
from lossbench.training.thread import one_thread

SIZES = (1, 10, 30, 100, 300)
LOSSES = ("bce", "mse", "mae", "hinge", "squared_hinge", "focal")
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4)
LOOPED = 3  # models that the loop trains; more would not make it faster
ROUNDS = 3
LARGE = 1024  # rows and columns of the matrix product whose speed is the floor


def measure(sizes: Sequence[int] = SIZES, epochs: int = 10) -> pd.DataFrame:
    """Train packs of several sizes with every engine and time them.

    Returns:
        One row for each size: models; native_per_second (NaN where there is no compiled step), fused_per_second
        and loop_per_second, in trainings; to_fused, the ratio of the first two; to_loop, that of the fastest to
        the loop; floor_share, the time that the matrix products would take at the speed of a large one, as a share
        of the fastest engine's time.
    """
    whole = make_pack(max(sizes), epochs)
    with one_thread():
        looped = best(lambda: loop.train(first(whole, LOOPED))) / min(LOOPED, len(whole.trials))
        speed = large_product()
        rows = [row(first(whole, size), looped, speed) for size in sizes]
    return pd.DataFrame(rows)


def make_pack(
    models: int, epochs: int, dataset: str = "breast_cancer", model: str = "mlp:16", losses: Sequence[str] = LOSSES
) -> Pack:
    """Return a pack of trials on one data set: losses × shares × as many seeds as needed."""
    seeds = -(-models // (len(losses) * len(SHARES)))
    settings = make_settings(
        datasets=dataset, losses=losses, models=model, epochs=epochs, seeds=seeds, outliers=SHARES
    )
    experiment = plan(settings)
    trials = sorted(experiment.trials, key=lambda trial: trial.seed)[:models]
    return Pack(experiment.setups[0], tuple(trials))


def first(pack: Pack, models: int) -> Pack:
    """Return the first models of a pack as a new pack."""
    return replace(pack, trials=pack.trials[:models])


def row(pack: Pack, looped: float, speed: float) -> dict[str, float]:
    """Time one pack.

    Args:
        pack: the trials.
        looped: the time of the loop for one model, in seconds.
        speed: multiply-adds per second of a large matrix product.
    """
    models, by_fused = len(pack.trials), best(lambda: fused.train(pack))
    by_native = math.nan if native.fault() else best(lambda: native.train(pack))
    fastest = np.nanmin([by_native, by_fused])
    return {
        "models": models,
        "native_per_second": models / by_native,
        "fused_per_second": models / by_fused,
        "loop_per_second": 1 / looped,
        "to_fused": by_fused / by_native,
        "to_loop": looped * models / fastest,
        "floor_share": multiply_adds(pack) / speed / fastest,
    }


def multiply_adds(pack: Pack) -> float:
    """Return the multiply-adds of a pack's training: one product per layer forward, and two backward.

    The features need no gradient, so the first layer has two products and the others three.
    """
    sizes = pack.layers.sizes(pack.dataset.features.shape[1], pack.outputs)
    weights = [units * inputs for units, inputs in sizes]
    steps = len(pack.trials) * pack.epochs * len(pack.training[0].features)
    return float(steps * (3 * sum(weights) - weights[0]))


def large_product() -> float:
    """Return the multiply-adds per second of a product of two large matrices in single precision."""
    matrix = np.ones((LARGE, LARGE), np.float32)
    return LARGE**3 / best(lambda: matrix @ matrix)


def best(work: Callable[[], object]) -> float:
    """Return the shortest time of a few calls, in seconds, after one untimed call."""
    work()
    return min(repeat(work, number=1, repeat=ROUNDS))
