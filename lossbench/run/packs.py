"""One pack, trained and scored. A user's loss that fails is left out, and the others are trained without it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.errors import LossFailed
from lossbench.losses.custom.contain import Seen, contained
from lossbench.plan.request import Engine
from lossbench.run.scoring import failed_rows, frame_of, rows_of
from lossbench.spec import title
from lossbench.training.pack import Pack

if TYPE_CHECKING:
    from lossbench.training.trace import Trace


@dataclass(frozen=True)
class Trained:
    """What came of a pack.

    Args:
        rows: one a trial; as columns, since a table of dictionaries takes ten times the memory.
        curves: (trials, epochs) the validation curve of each.
        seconds: of training.
        moved: by the spec of a loss that hangs on what ran before, how that was seen.
        warned: by what a loss warned of in training, the specs that it may have been.
    """

    rows: pd.DataFrame
    curves: np.ndarray
    seconds: float
    moved: Mapping[str, str]
    warned: Mapping[str, tuple[str, ...]]


def train_pack(pack: Pack, engine: Engine, device: str) -> Trained:
    """Train and score a pack."""
    from lossbench.run.provenance import fingerprint

    start, mark = time.perf_counter(), fingerprint(engine, device)
    curves = np.full((len(pack.trials), pack.epochs), np.nan)
    rows: dict[int, dict[str, Any]] = {}
    warned: Mapping[str, tuple[str, ...]] = {}
    moved = moved_losses(pack)
    reasons = dict(moved)
    seconds = 0.0
    while healthy := [index for index, trial in enumerate(pack.trials) if trial.loss not in reasons]:
        part = part_of(pack, healthy)
        try:
            trace, seen = train(part, engine, device)
        except LossFailed as error:
            reasons |= dict.fromkeys(error.losses, str(error))
            continue
        if late := moved_losses(part):
            moved, reasons = moved | late, reasons | late
            continue
        rows, curves[healthy] = dict(zip(healthy, rows_of(part, trace, mark), strict=True)), trace.curve
        seconds, warned = time.perf_counter() - start, seen.warnings
        break
    failed = [index for index, trial in enumerate(pack.trials) if trial.loss in reasons]
    if failed:
        rows |= zip(failed, failed_rows(part_of(pack, failed), reasons, mark), strict=True)
    return Trained(frame_of([rows[index] for index in range(len(pack.trials))]), curves, seconds, moved, warned)


def moved_losses(pack: Pack) -> dict[str, str]:
    """Return, by their specs, the users' losses that answer otherwise than in their trial, and how."""
    found = {}
    for spec, loss in zip((trial.loss for trial in pack.trials), pack.losses, strict=True):
        if spec not in found and loss.record.drift is not None:
            with contained():
                found[spec] = loss.record.drift()
    return {
        spec: f"{title(spec)} {fault}: its trainings hang on what ran before them, so all of them fail; let it "
        "depend on prediction and target alone"
        for spec, fault in found.items()
        if fault
    }


def part_of(pack: Pack, indices: list[int]) -> Pack:
    """Return some trials of a pack as a pack, whose splits, weights and orders are forgotten with it."""
    return replace(pack, trials=tuple(pack.trials[index] for index in indices))


def train(pack: Pack, engine: Engine, device: str) -> tuple[Trace, Seen]:
    """Train one pack by an engine on a device; also return what was seen of users' losses."""
    import torch

    from lossbench.training import fused, loop

    users = any(loss.record.code for loss in pack.losses)
    # The default device is for the loop, and for tensors that a custom loss makes. It slows every call into torch,
    # so it is not set where it would be the usual one.
    with (
        nullcontext() if device == "cpu" else torch.device(device),
        contained() if users else nullcontext(Seen()) as seen,
    ):
        return fused.train(pack, device=device) if engine == "fused" else loop.train(pack), seen
