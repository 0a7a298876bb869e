"""From the trace of a pack to the rows of `trials.csv`."""

from __future__ import annotations

import ast
import hashlib
import inspect
import platform
import sys
from dataclasses import asdict, fields
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from lossbench.data.fold import Fold
from lossbench.losses.loss import Loss
from lossbench.measures.anchors import Anchors, anchors
from lossbench.measures.convergence import epochs_to_plateau, epochs_to_target
from lossbench.measures.prediction import predict
from lossbench.measures.scores import MEASURES, score_all
from lossbench.training.pack import Pack
from lossbench.training.trace import Trace, members_by_link
from lossbench.trial import Trial

CONVERGENCE = ("epochs_to_target", "epochs_to_plateau", "converged")
HASHES = ("data_hash", "split_hash", "weights_hash", "order_hash", "loss_hash", "fingerprint")
CONTEXT = (
    *("score", "constant_score", "target_score", "validation_score"),
    *("best_epoch", "diverged_epoch", "train_rows", "test_rows"),
)

COLUMNS = (
    *(field.name for field in fields(Trial)),
    "status",
    *MEASURES,
    *(f"{name}_at_best" for name in MEASURES),
    *CONVERGENCE,
    *HASHES,
    *CONTEXT,
)
"""The columns of `trials.csv`, in order. `score` names the primary score, which the next three are of."""

DTYPES = {
    **dict.fromkeys((*MEASURES, *(f"{name}_at_best" for name in MEASURES)), "float64"),
    **dict.fromkeys(("constant_score", "target_score", "validation_score"), "float64"),
    **dict.fromkeys(("epochs_to_target", "epochs_to_plateau", "best_epoch", "diverged_epoch"), "Int64"),
    "converged": "boolean",
}
"""The types of the columns that may hold undefined values."""


def rows_of(pack: Pack, trace: Trace, engine: str) -> list[dict[str, Any]]:
    """Return one row a trial: what it was, how it ended, its test scores, its convergence and its hashes.

    A score that is undefined is None. So is `epochs_to_target` where the target was not reached; `converged` then
    is False. Where the target itself is undefined, because a linear model is no better than a constant, both are
    None.
    """
    anchored = {seed: anchors(pack.dataset, fold, pack.measure) for seed, fold in pack.folds.items()}
    marks = [anchored[trial.seed] for trial in pack.trials]
    columns: dict[str, Any] = {
        "status": np.where(trace.diverged > 0, "diverged", "ok"),
        **scores_on_test(pack, trace.last),
        **{f"{name}_at_best": values for name, values in scores_on_test(pack, trace.best).items()},
        **convergence(trace, marks),
        **hashes(pack, engine),
        "score": [pack.measure] * len(pack.trials),
        "constant_score": [mark.constant_test for mark in marks],
        "target_score": [mark.target for mark in marks],
        "validation_score": trace.curve[:, -1],
        "best_epoch": [epoch or None for epoch in trace.best_epoch.tolist()],
        "diverged_epoch": [epoch or None for epoch in trace.diverged.tolist()],
        "train_rows": [len(part.rows) for part in pack.training],
        "test_rows": [len(pack.folds[trial.seed].test.rows) for trial in pack.trials],
    }
    plain = {name: [_plain(value) for value in values] for name, values in columns.items()}
    return [
        asdict(trial) | {name: values[index] for name, values in plain.items()}
        for index, trial in enumerate(pack.trials)
    ]


def scores_on_test(pack: Pack, raw: np.ndarray) -> dict[str, np.ndarray]:
    """Return every measure of the task on the test part, in original units, (trials,) each."""
    scores = {name: np.full(len(raw), np.nan) for name in MEASURES}
    folds = [pack.folds[trial.seed] for trial in pack.trials]
    targets = np.stack([pack.dataset.target[fold.test.rows] for fold in folds])
    if pack.dataset.task == "regression":
        targets = targets.reshape(*targets.shape[:2], -1)
    for link, members in members_by_link(pack.losses).items():
        predicted = pack.predicted(members, raw[members])
        if pack.dataset.task == "regression":
            predicted = original_units(predicted, [folds[index] for index in members])
        prediction = predict(predicted, link, pack.dataset.task)
        for name, values in score_all(pack.dataset.task, targets[members], prediction).items():
            scores[name][members] = values
    return scores


def original_units(predicted: np.ndarray, folds: list[Fold]) -> np.ndarray:
    """Return standardised predictions (trials, rows, targets) in the units of the data."""
    scale = np.stack([fold.target_scale for fold in folds])[:, None]
    return np.asarray(predicted * scale + np.stack([fold.target_mean for fold in folds])[:, None])


def convergence(trace: Trace, marks: list[Anchors]) -> dict[str, list[Any]]:
    """Return when each trial reached its target and its plateau, and whether it reached the target at all."""
    targets = np.array([mark.target for mark in marks])
    reached = epochs_to_target(trace.curve, targets)
    plateau = epochs_to_plateau(trace.curve, np.array([mark.tolerance for mark in marks]))
    converged = [
        None if np.isnan(target) else not np.isnan(epoch) for target, epoch in zip(targets, reached, strict=True)
    ]
    return {
        "epochs_to_target": [_whole(epoch) for epoch in reached],
        "epochs_to_plateau": [_whole(epoch) for epoch in plateau],
        "converged": converged,
    }


def hashes(pack: Pack, engine: str) -> dict[str, list[str]]:
    """Return what must be equal for two rows to differ in nothing but the loss, and the hash of the loss.

    Rows of another fingerprint were computed elsewhere, and their last bits may differ.
    """
    orders = {seed: digest(order) for seed, order in pack.orders.items()}
    weights = {id(layers): digest(*_shared(pack, layers)) for layers in pack.weights}
    sources = {loss: source_digest(loss) for loss in dict.fromkeys(pack.losses)}
    return {
        "data_hash": [pack.dataset.digest for _ in pack.trials],
        "split_hash": [pack.folds[trial.seed].digest for trial in pack.trials],
        "weights_hash": [weights[id(layers)] for layers in pack.weights],
        "order_hash": [orders[trial.seed] for trial in pack.trials],
        "loss_hash": [sources[loss] for loss in pack.losses],
        "fingerprint": [fingerprint(engine)] * len(pack.trials),
    }


@cache
def fingerprint(engine: str) -> str:
    """Return a hash of all that bits may depend on beside the record: engine, versions and kind of processor."""
    import torch

    versions = [version(name) for name in ("lossbench", "torch", "numpy", "scikit-learn")]
    processor = [platform.machine(), torch.backends.cpu.get_cpu_capability()]
    return hashlib.sha256("\n".join([engine, *versions, *processor]).encode()).hexdigest()[:12]


def _shared(pack: Pack, layers: list[np.ndarray]) -> list[np.ndarray]:
    # A loss with more outputs than the task has (two-class softmax) shares the task's own with the others.
    return [*layers[:-1], layers[-1][: pack.dataset.targets]]


def digest(*arrays: np.ndarray) -> str:
    """Return a hash of arrays, twelve hexadecimal digits."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(f"{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:12]


def source_digest(loss: Loss) -> str:
    """Return a hash of a loss's code and the values of its parameters, twelve hexadecimal digits.

    The code is the whole module's, since a loss may call what stands beside it, but for comments and docstrings.
    """
    text = code_of(loss.record.fn.__module__) + loss.name + repr(sorted(loss.parameters.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def code_of(module: str) -> str:
    """Return the code of a module without comments and docstrings."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _plain(value: Any) -> Any:
    """Return a plain Python value: None for NaN, and no numpy scalars."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and np.isnan(value) else value
