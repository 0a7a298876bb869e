"""What more losses cost, and what a loss of the user's own costs beside the same built-in one.

One process, one thread; every ratio is of trainings that take turns, so that a drift of the machine hits both.
The user's own loss is written twice: as a function of raw outputs and target in torch operations, which gets all
models at once, and as a module that returns one number for the batch, which is mapped over the models.

python benchmarks/own_loss.py [--models 300] [--rounds 5]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lossbench.losses.registry import losses_of
from lossbench.plan.experiment import plan
from lossbench.plan.request import usual_engine
from lossbench.plan.settings import make_settings
from lossbench.run.packs import TRAINED_BY
from lossbench.selftest.bench import make_pack
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.thread import one_thread

OWN = """
import torch
from torch.nn import functional


def bce(raw, target):
    return (functional.softplus(raw) - target * raw).sum(-1)


def mse(raw, target):
    return (raw - target).square().mean(-1)


class BCE(torch.nn.Module):
    def forward(self, prediction, target):
        return (functional.softplus(prediction) - target * prediction).mean()


class MSE(torch.nn.Module):
    def forward(self, prediction, target):
        return (prediction - target).square().mean()
"""
LOSSES = {"breast_cancer": "bce", "diabetes": "mse"}
FORMS = ("function of all models", "module, one number a batch")
EPOCHS = 30
SEEDS = 10
FEW = 10  # models
MORE = ("focal:gamma=1", "focal:gamma=3", "tversky:alpha=0.3")  # to make up the number


def twenty() -> list[str]:
    """Return twenty losses of two classes that share a pack."""
    own = [record.name for record in losses_of("binary") if record.outputs_per_target == 1 and not record.placebo]
    return [*own, *MORE][:20]


def packs(losses: Sequence[str]) -> list[Pack]:
    """Return what `compare` trains for some losses on breast_cancer."""
    wanted = {"datasets": "breast_cancer", "losses": losses, "models": "mlp:16"}
    experiment = plan(make_settings(**wanted, epochs=EPOCHS, seeds=SEEDS, outliers=0))
    return make_packs(experiment.setups[0], experiment.trials)


def seconds(work: Sequence[Pack]) -> float:
    """Return the time of training some packs."""
    start = time.perf_counter()
    for pack in work:
        TRAINED_BY[usual_engine()](pack, "cpu")
    return time.perf_counter() - start


def in_turns(works: Sequence[Sequence[Pack]], rounds: int) -> np.ndarray:
    """Return the times (rounds, works), after one training of each that is not counted."""
    for work in works:
        seconds(work)
    return np.array([[seconds(work) for work in works] for _ in range(rounds)])


def told(heading: str, ratios: np.ndarray) -> None:
    """Print the median of the ratios and their range."""
    print(f"{heading:<60} ratio {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})")


def more_losses(rounds: int) -> None:
    """Hold twenty losses against ten: the mean of both halves, since some losses are dearer than others."""
    losses = twenty()
    times = in_turns([packs(losses), packs(losses[::2]), packs(losses[1::2])], rounds)
    told(f"20 losses x {SEEDS} seeds against 10 losses", times[:, 0] / times[:, 1:].mean(axis=1))


def own_losses(dataset: str, loss: str, file: Path, models: int, rounds: int) -> None:
    """Hold a loss of the user's own, in both forms, against the built-in one."""
    specs = (loss, f"{file}:{loss}", f"{file}:{loss.upper()}")
    times = in_turns([[make_pack(models, EPOCHS, dataset, "mlp:16", [spec])] for spec in specs], rounds)
    for form, own in zip(FORMS, times[:, 1:].T, strict=True):
        told(f"{dataset}, {loss}, {models} models: {form}", own / times[:, 0])


def main() -> None:
    """Measure more losses, then a loss of the user's own with many models and with few."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with one_thread(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.py"
        file.write_text(OWN, encoding="utf-8")
        more_losses(options.rounds)
        for models in (options.models, FEW):
            for dataset, loss in LOSSES.items():
                own_losses(dataset, loss, file, models, options.rounds)


if __name__ == "__main__":
    main()
