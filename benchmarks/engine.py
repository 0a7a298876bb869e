"""Trainings per second of both fast engines against two plain PyTorch loops: one process, one thread.

The bare loop is what a careful person writes: nn.Sequential, torch.optim.Adam, nothing recorded. The loop engine
does what the fast engines do: it also scores every epoch on validation, remembers the best one, and predicts the
test part. Both train a few models and are timed for each; the fast engines train all, in the packs of a run.
Processor time is taken, so that others may be at work on the machine.

python benchmarks/engine.py [--sample 6] [--dataset digit_pairs]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from lossbench.selftest.bench import LOSSES, make_pack
from lossbench.training import fused, native
from lossbench.training.loop.cost import Cost
from lossbench.training.loop.engine import follow, record
from lossbench.training.loop.networks import build_network
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.targets import encoded, offset_of
from lossbench.training.thread import one_thread
from lossbench.training.trace import Trace

IMITATE = ("wasserstein", "energy", "mmd", "sinkhorn", "kl_histogram", "mse")
MASKS = ("bce", "mse", "focal", "dice", "tversky", "jaccard", "bce_dice", "lovasz")
WORKLOADS = [
    ("breast_cancer", "mlp:16", LOSSES, 300),
    ("breast_cancer", "mlp:16", LOSSES, 2000),
    ("digits", "mlp:32", ["ce", "mse", "mae", "hinge", "focal", "label_smoothing"], 300),
    ("diabetes", "mlp:64,32", ["mse", "mae", "huber", "log_cosh", "pinball", "mape"], 300),
    ("digit_pairs", "mlp:64,32", ["ce", "triplet", "supcon", "contrastive"], 100),
    ("mixture", "mlp:16", IMITATE, 100),
    ("eight_gaussians", "mlp:16", IMITATE, 100),
    ("discs", "mlp:16", MASKS, 100),
]
EPOCHS = 50


def bare_loop(pack: Pack, index: int) -> None:
    """Train one trial of the pack and record nothing."""
    features = torch.tensor(pack.training[index].features, dtype=torch.float32)
    target = torch.tensor(encoded(pack, index))
    target = target.float() if target.is_floating_point() else target
    offset = torch.tensor(offset_of(pack, index), dtype=torch.float32)
    network = build_network(pack, index, torch.float32)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    loss = pack.losses[index]
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(features)).split(pack.batch_size):
            optimiser.zero_grad()
            loss.per_sample(network(features[rows]) + offset, target[rows]).mean().backward()
            optimiser.step()


def loop_engine(pack: Pack, index: int) -> None:
    """Train one trial of the pack by the loop engine."""
    cost = Cost(pack, index, torch.float32)
    record(follow(cost), cost)


def seconds_of(work: object, *arguments: object) -> float:
    """Return the processor time of a call."""
    start = time.process_time()
    work(*arguments)  # type: ignore[operator]
    return time.process_time() - start


def train_all(train: Callable[[Pack], Trace], packs: list[Pack]) -> None:
    """Train packs one after the other."""
    for pack in packs:
        train(pack)


def measure(name: str, model: str, losses: Sequence[str], models: int, sample: int, rounds: int = 3) -> None:
    """Print one workload's figures; all take turns, so that a drift of the machine hits them alike."""
    whole = make_pack(models, EPOCHS, name, model, losses)
    parts = make_packs(whole.setup, whole.trials)
    every = [(pack, index) for pack in parts for index in range(len(pack.trials))]
    fast = {"native": native.train, "fused": fused.train} if not native.fault() else {"fused": fused.train}
    for train in fast.values():
        train_all(train, parts)  # what is computed once for a pack is not part of its training
    bare_loop(*every[0])
    picked = [every[place] for place in np.linspace(0, models - 1, sample).astype(int)]
    times: dict[str, list[float]] = {title: [] for title in (*fast, "bare loop", "loop engine")}
    for _ in range(rounds):
        for title, train in fast.items():
            times[title].append(seconds_of(train_all, train, parts) / models)
        for title, alone in (("bare loop", bare_loop), ("loop engine", loop_engine)):
            times[title].append(float(np.mean([seconds_of(alone, *one) for one in picked])))
    print(f"{name}, {model}, {models} models")
    for title, found in times.items():
        said = ", ".join(ratio(np.array(found) / times[engine], engine) for engine in fast)
        print(f"    {title:<12} {np.median(found) * 1e3:7.2f} ms a model, {said}", flush=True)


def ratio(found: np.ndarray, engine: str) -> str:
    """Return the median of ratios to an engine, and their range, in words."""
    return f"{np.median(found):5.1f} times {engine} ({found.min():.1f} to {found.max():.1f})"


def main() -> None:
    """Measure every workload."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=6, help="models that each loop trains")
    parser.add_argument(
        "--dataset", choices=sorted({name for name, *_ in WORKLOADS}), help="measure this one alone"
    )
    options = parser.parse_args()
    with one_thread():
        for workload in (one for one in WORKLOADS if options.dataset in (None, one[0])):
            measure(*workload, sample=options.sample)


if __name__ == "__main__":
    main()
