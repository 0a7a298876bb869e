"""Trainings per second of the fused engine against a plain PyTorch loop: one process, one thread.

The plain loop is what a careful person writes: nn.Sequential, torch.optim.Adam, nothing recorded. It trains a few
of the models and is timed for each; the fused engine trains all of them, in the packs of a run, and also scores
and remembers every epoch.

python benchmarks/engine.py [--sample 6]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
import torch

from lossbench.bench import LOSSES, make_pack
from lossbench.executors.local import one_thread
from lossbench.training import fused
from lossbench.training.pack import Pack, make_packs

WORKLOADS = [
    ("breast_cancer", "mlp:16", LOSSES, 300),
    ("breast_cancer", "mlp:16", LOSSES, 2000),
    ("digits", "mlp:32", ["ce", "mse", "mae", "hinge", "focal", "label_smoothing"], 300),
    ("diabetes", "mlp:64,32", ["mse", "mae", "huber", "log_cosh", "pinball", "mape"], 300),
]
EPOCHS = 50


def plain_loop(pack: Pack, index: int) -> None:
    """Train one trial of the pack the plain way."""
    features = torch.tensor(pack.training[index].features, dtype=torch.float32)
    target = torch.tensor(pack.encoded(index))
    target = target.float() if target.is_floating_point() else target
    offset = torch.tensor(pack.offset(index), dtype=torch.float32)
    layers: list[torch.nn.Module] = []
    for units, inputs in pack.model.sizes(features.shape[1], pack.outputs):
        layers += [torch.nn.Linear(inputs, units), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    loss = pack.losses[index]
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(features)).split(pack.batch_size):
            optimiser.zero_grad()
            loss.per_sample(network(features[rows]) + offset, target[rows]).mean().backward()
            optimiser.step()


def seconds_of(work: object, *arguments: object) -> float:
    """Return the wall time of a call."""
    start = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - start


def fused_all(packs: list[Pack]) -> None:
    """Train packs one after the other."""
    for pack in packs:
        fused.train(pack)


def measure(name: str, model: str, losses: Sequence[str], models: int, sample: int, rounds: int = 3) -> None:
    """Print one workload's figures; loop and engine take turns, so that a drift of the machine hits both."""
    whole = make_pack(models, EPOCHS, name, model, losses)
    parts = make_packs(whole.dataset, whole.trials)
    fused_all(parts)  # what is computed once for a pack is not part of its training
    plain_loop(whole, 0)
    picked = np.linspace(0, models - 1, sample).astype(int)
    ratios, loops, packs = [], [], []
    for _ in range(rounds):
        packs.append(seconds_of(fused_all, parts) / models)
        loops.append(np.mean([seconds_of(plain_loop, whole, int(index)) for index in picked]))
        ratios.append(loops[-1] / packs[-1])
    print(
        f"{name:<14} {model:<10} {models:>6} models   loop {np.median(loops) * 1e3:7.1f} ms"
        f" a model   fused {np.median(packs) * 1e3:6.2f} ms a model   ratio {np.median(ratios):5.0f} "
        f"({min(ratios):.0f} to {max(ratios):.0f})"
    )


def main() -> None:
    """Measure every workload."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=6, help="models that the plain loop trains")
    options = parser.parse_args()
    with one_thread():
        for workload in WORKLOADS:
            measure(*workload, sample=options.sample)


if __name__ == "__main__":
    main()
