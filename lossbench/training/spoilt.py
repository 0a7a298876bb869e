"""Finding where a user's loss is NaN, on a kind of batch or at finite raw outputs: then no rate is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import torch

from lossbench.errors import LossFailed
from lossbench.losses.custom.contain import contained
from lossbench.task import VALUED
from lossbench.training.pack import Pack
from lossbench.training.targets import encoded, offset_of

MEND = "let it return a number there"

STEPS, STEP = 100, 0.1
"""The steps on raw outputs, and their size: enough to reach the targets, and no output is far off at the end."""


def spoilt_by(pack: Pack, index: int, epochs: int) -> str:
    """Say where the loss of a trial is NaN or infinite, whatever the rate, and what to do; empty if nowhere.

    The first batch of each unusual kind is tried, with small raw outputs; then, on the first batch of all, the raw
    outputs to which small steps lead.

    Args:
        pack: the trials.
        index: of a trial that diverged.
        epochs: the epoch in which it diverged, counted from 1.
    """
    tried: set[str] = set()
    for epoch, rows in batches(pack, index, epochs):
        kind = unusual(pack, index, rows)
        if kind and kind not in tried:
            tried.add(kind)
            if not finite_on(pack, index, rows):
                where = f"epoch {epoch}: it is NaN or infinite on a batch {kind}"
                return f"{where}; {MEND}, or choose another --batch-size"
    _, rows = next(batches(pack, index, epochs))
    lost = lost_at(pack, index, rows)
    said = (
        f"it is NaN or infinite at finite raw outputs, at most {lost or 0:.2g} in size, to which small steps lead"
    )
    return "" if lost is None else f"{said}; {MEND}"


def batches(pack: Pack, index: int, epochs: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the epoch, counted from 1, and the rows of each batch that a trial saw."""
    for epoch, order in enumerate(pack.orders[pack.trials[index].seed][:epochs], start=1):
        for start in range(0, len(order), pack.batch_size):
            yield epoch, order[start : start + pack.batch_size]


def unusual(pack: Pack, index: int, rows: np.ndarray) -> str:
    """Say what is unusual about a batch; empty for a usual one."""
    target, dataset = pack.training[index].target[rows], pack.dataset
    if len(rows) == 1:
        return "of a single row"
    if dataset.task in (*VALUED, "anomaly"):
        return "of rows with one target" if (target == target[0]).all() else ""
    if dataset.task == "embedding":
        present = np.bincount(target)
        lone = "whose rows are each of another class" if present.max() == 1 else ""
        return "of rows of one class" if (present > 0).sum() == 1 else lone
    if dataset.task == "multilabel":
        absent = [name for name, column in zip(dataset.classes, target.T, strict=True) if not column.any()]
        return f"without a row of label {absent[0]}" if absent else ""
    absent = [name for number, name in enumerate(dataset.classes) if not (target == number).any()]
    return f"without a row of class {' or '.join(absent)}" if absent else ""


def lost_at(pack: Pack, index: int, rows: np.ndarray) -> float | None:
    """Return the largest of the raw outputs at which a trial's loss is not finite, on a batch; None if it is."""
    raw, target = drawn(pack, index, rows)
    optimiser = torch.optim.Adam([raw], STEP)
    with contained(), suppress(LossFailed):
        for _ in range(STEPS):
            value, slope = on_batch(pack, index, raw, target)
            if not bool(value.isfinite().all() and slope.isfinite().all()):
                return float(raw.detach().abs().max())
            raw.grad = slope
            optimiser.step()
    return None


def finite_on(pack: Pack, index: int, rows: np.ndarray) -> bool:
    """Say whether value and gradient of a trial's loss are finite on a batch, with small raw outputs."""
    raw, target = drawn(pack, index, rows)
    with contained(), suppress(LossFailed):
        value, slope = on_batch(pack, index, raw, target)
        return bool(value.isfinite().all() and slope.isfinite().all())
    return True  # an exception here did not occur in training


def on_batch(pack: Pack, index: int, raw: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return value and gradient of a trial's loss."""
    value = pack.losses[index].per_sample(raw, target)
    (slope,) = torch.autograd.grad(value.sum(), raw)
    return value.detach(), slope


def drawn(pack: Pack, index: int, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return small raw outputs (batch, outputs) with a gradient, and the target of a batch."""
    target = torch.as_tensor(encoded(pack, index)[rows])
    target = target.float() if target.is_floating_point() else target
    noise = np.random.default_rng(0).normal(scale=0.1, size=(len(rows), pack.outputs)) + offset_of(pack, index)
    return torch.as_tensor(noise, dtype=torch.float32).requires_grad_(), target
