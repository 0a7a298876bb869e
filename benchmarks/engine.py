"""Trainings per second of the fused engine against two plain PyTorch loops: one process, one thread.

The bare loop is what a careful person writes: nn.Sequential, torch.optim.Adam, nothing recorded. The loop engine
does what the fused engine does: it also scores every epoch on validation, remembers the best one, and predicts the
test part. Both train a few models and are timed for each; the fused engine trains all, in the packs of a run.

python benchmarks/engine.py [--sample 6]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
import torch

from lossbench.selftest.bench import LOSSES, make_pack
from lossbench.training import fused, loop
from lossbench.training.pack import Pack, make_packs
from lossbench.training.thread import one_thread

WORKLOADS = [
    ("breast_cancer", "mlp:16", LOSSES, 300),
    ("breast_cancer", "mlp:16", LOSSES, 2000),
    ("digits", "mlp:32", ["ce", "mse", "mae", "hinge", "focal", "label_smoothing"], 300),
    ("diabetes", "mlp:64,32", ["mse", "mae", "huber", "log_cosh", "pinball", "mape"], 300),
]
EPOCHS = 50


def bare_loop(pack: Pack, index: int) -> None:
    """Train one trial of the pack and record nothing."""
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


def loop_engine(pack: Pack, index: int) -> None:
    """Train one trial of the pack by the loop engine."""
    loop.train_one(pack, index, torch.float32)


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
    """Print one workload's figures; all take turns, so that a drift of the machine hits them alike."""
    whole = make_pack(models, EPOCHS, name, model, losses)
    parts = make_packs(whole.setup, whole.trials)
    fused_all(parts)  # what is computed once for a pack is not part of its training
    bare_loop(whole, 0)
    picked = np.linspace(0, models - 1, sample).astype(int).tolist()
    times: dict[str, list[float]] = {"fused": [], "bare loop": [], "loop engine": []}
    for _ in range(rounds):
        times["fused"].append(seconds_of(fused_all, parts) / models)
        for title, train in (("bare loop", bare_loop), ("loop engine", loop_engine)):
            times[title].append(float(np.mean([seconds_of(train, whole, index) for index in picked])))
    fused_time = times.pop("fused")
    print(f"{name}, {model}, {models} models: fused {np.median(fused_time) * 1e3:.2f} ms a model")
    for title, found in times.items():
        ratios = np.array(found) / fused_time
        print(
            f"    {title:<12} {np.median(found) * 1e3:7.1f} ms a model, {np.median(ratios):4.0f} times "
            f"({ratios.min():.0f} to {ratios.max():.0f})"
        )


def main() -> None:
    """Measure every workload."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=6, help="models that each loop trains")
    options = parser.parse_args()
    with one_thread():
        for workload in WORKLOADS:
            measure(*workload, sample=options.sample)


if __name__ == "__main__":
    main()
