"""Targets as losses see them, and the predictions of raw outputs in units of the target."""

from __future__ import annotations

import numpy as np

from lossbench.losses.record import POSITIVE
from lossbench.training.pack import Pack


def encoded(pack: Pack, index: int) -> np.ndarray:
    """Return the training target of a trial as its loss wants it: (rows,) int64 or (rows, targets) float64."""
    target, record = pack.training[index].target, pack.losses[index].record
    if record.encoding == "index":
        return target
    below = zero_of(pack, index) if record.natural_zero else 0.0
    return np.asarray(target.reshape(len(target), -1) + below)


def zero_of(pack: Pack, index: int) -> np.ndarray:
    """Return the distance of a trial's standardised targets below the target's own zero, (targets,)."""
    fold = pack.folds[pack.trials[index].seed]
    return np.asarray(fold.target_mean / fold.target_scale)


def offset_of(pack: Pack, index: int) -> np.ndarray:
    """Return the offset that is added to a trial's raw outputs before its loss sees them, (outputs,).

    It is zero except for a loss that needs the target's own zero. So an untrained network predicts the mean of the
    targets, whatever the loss.
    """
    record = pack.losses[index].record
    if not record.natural_zero:
        return np.zeros(pack.outputs)
    below = zero_of(pack, index)
    # The inverse of softplus, log(exp(x) - 1), in a form that does not overflow.
    return np.asarray(below + np.log(-np.expm1(-below)) if record.link == "softplus" else below)


def prior_of(pack: Pack, index: int) -> dict[str, np.ndarray]:
    """Return the share of each class or label in the training rows, (1, outputs), if the loss takes it.

    A class counts as at least half a row, so that its logarithm is finite.
    """
    record, target = pack.losses[index].record, pack.training[index].target
    if not record.prior:
        return {}
    onehot = np.eye(pack.outputs)[target] if record.encoding == "index" else target.reshape(len(target), -1)
    return {"prior": onehot.mean(axis=0, keepdims=True).clip(0.5 / len(target), 1 - 0.5 / len(target))}


def predicted_by(pack: Pack, members: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """Return the predictions of trials that share a link, in standardised units for regression.

    Args:
        pack: the trials.
        members: (trials,) their indices.
        raw: (trials, rows, outputs) their raw outputs.

    Returns:
        (trials, rows, targets); the raw outputs themselves unless the link is softplus or location.
    """
    link, targets = pack.losses[members[0]].link, pack.dataset.targets
    if link == "location":
        return raw[..., :targets]
    if link != "softplus":
        return raw
    added, below = (np.stack([of(pack, index) for index in members])[:, None] for of in (offset_of, zero_of))
    seen = raw + added
    # logaddexp would warn of a diverged trial's NaN.
    softplus = np.maximum(seen, 0) + np.log1p(np.exp(-np.abs(seen)))
    return np.asarray(softplus + POSITIVE - below)


def into_units(pack: Pack, members: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return predictions in the target's own units, from standardised ones (trials, rows, targets)."""
    folds = [pack.folds[pack.trials[index].seed] for index in members]
    scale, mean = (
        np.stack([getattr(fold, name) for fold in folds])[:, None] for name in ("target_scale", "target_mean")
    )
    return np.asarray(predicted * scale + mean)
