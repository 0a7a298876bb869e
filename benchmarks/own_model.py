"""What it gains to train modules of torch many at once, against the loop, which trains the same one by one.

One process, one thread, its CPU time; both in turns. The loop trains a few models: more would not make it faster.
The user's own network is the same as the built-in `mlp:16`, which the compiled step trains, for comparison.

python benchmarks/own_model.py [--models 300] [--rounds 3]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lossbench.selftest.bench import first, make_pack
from lossbench.training import fused, loop, native
from lossbench.training.thread import one_thread

OWN = """
import torch


class Net(torch.nn.Module):
    def __init__(self, inputs, outputs, width=16):
        super().__init__()
        self.hidden, self.out = torch.nn.Linear(inputs, width), torch.nn.Linear(width, outputs)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))
"""
EPOCHS = 10
LOOPED = 5  # models
DATASETS = {"cnn:8,16": ("digits", ["ce", "mse"])}
USUAL = ("breast_cancer", ["bce", "mse", "focal"])


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(spec: str, models: int, epochs: int, rounds: int) -> None:
    """Print how many times as fast a network is trained at once."""
    dataset, losses = DATASETS.get(spec, USUAL)
    pack = make_pack(models, epochs, dataset, spec, losses)
    few = first(pack, LOOPED)
    train = native.train if spec == "mlp:16" and not native.fault() else fused.train
    seconds(lambda: train(few)), seconds(lambda: loop.train(first(pack, 1)))
    times = np.array(
        [(seconds(lambda: train(pack)), seconds(lambda: loop.train(few)) * models / LOOPED) for _ in range(rounds)]
    )
    ratios = times[:, 1] / times[:, 0]
    rate = models / times[:, 0].min()
    print(
        f"{Path(spec).name:<16} {dataset:<14} {models} models, {epochs} epochs: {rate:7.0f} a second, "
        f"ratio {np.median(ratios):.1f} ({ratios.min():.1f} to {ratios.max():.1f})",
        flush=True,
    )


def main() -> None:
    """Measure a user's own network, then those that are built in."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with one_thread(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nets.py"
        file.write_text(OWN, encoding="utf-8")
        for spec in (f"{file}:Net", "mlp:16", "resmlp:16x2", "resmlp:64x2"):
            measure(spec, options.models, EPOCHS, options.rounds)
        measure("cnn:8,16", options.models, 1, options.rounds)


if __name__ == "__main__":
    main()
