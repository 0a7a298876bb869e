"""The columns of `trials.csv`, one row a trial, from which every other file can be made again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from lossbench.schema.column import Column, asked
from lossbench.schema.metrics import METRICS, Known
from lossbench.schema.names import at_best
from lossbench.schema.thresholds import CHOSEN_COLUMNS, CUT_COLUMNS
from lossbench.task import TASKS

STATUSES = ("ok", "diverged", "failed")

_TRIAL = (
    Column("dataset", "setting", "text", "spec of the data set, as the user gave it"),
    Column("task", "setting", "text", "the data set's task", same_for=("dataset",), choices=TASKS),
    Column("model", "setting", "text", "spec of the network"),
    Column("loss", "setting", "text", "spec of the loss, as the user gave it"),
    Column("optimizer", "setting", "text", "spec of the optimiser"),
    Column("lr", "setting", "number", "learning rate"),
    Column("l1", "setting", "number", "weight of Σ|w| in the cost"),
    Column("l2", "setting", "number", "weight of Σw² in the cost"),
    Column("batch_size", "setting", "count", "rows a step"),
    Column("epochs", "setting", "count", "passes over the training rows"),
    Column("outlier_kind", "setting", "text", "kind of contamination, or none"),
    Column("outlier_fraction", "setting", "number", "contaminated share of the training rows"),
    Column("seed", "setting", "whole", "the repetition"),
)

_CONVERGENCE = (
    Column(
        *("epochs_to_target", "convergence", "whole", "epochs until the target is reached and held"),
        empty=True,
        greater_is_better=False,
        margin=1.0,
    ),
    Column(
        *("epochs_to_plateau", "convergence", "whole", "epochs until nothing more is gained"),
        empty=True,
        greater_is_better=False,
    ),
    Column("converged", "convergence", "truth", "whether the target was reached", empty=True),
)

_HASHES = (
    Column("data_hash", "hash", "text", "of the data set", same_for=("dataset",)),
    Column("split_hash", "hash", "text", "of the split", same_for=("dataset", "seed")),
    Column("weights_hash", "hash", "text", "of the first weights", same_for=("dataset", "seed", "model")),
    Column(
        *("order_hash", "hash", "text", "of the batch order"),
        same_for=("dataset", "seed", "batch_size", "epochs"),
    ),
    Column("loss_hash", "hash", "text", "of the loss: its code and parameters", same_for=("task", "loss")),
    Column("fingerprint", "hash", "text", "of engine, versions, code and kind of processor"),
)

_CONTEXT = (
    Column(
        *("score", "context", "text", "the primary score"),
        same_for=("dataset",),
        choices=tuple(METRICS),
        or_own=True,
    ),
    Column("constant_score", "context", "number", "the primary score of a constant predictor", empty=True),
    Column("target_score", "context", "number", "the validation score that counts as having learnt", empty=True),
    Column("validation_score", "context", "number", "the validation score after the last epoch", empty=True),
    Column("best_epoch", "context", "whole", "the epoch of the best validation score", empty=True),
    Column("diverged_epoch", "context", "whole", "the epoch in which the training diverged", empty=True),
    Column(
        *("sampling", "context", "text", "whether seeds split one table or draw rows of their own"),
        since=2,
        same_for=("dataset",),
        choices=("resplit", "redrawn"),
    ),
    Column("train_rows", "context", "count", "rows of the training part"),
    Column("test_rows", "context", "count", "rows of the test part"),
    Column("failure", "context", "text", "why the training failed", empty=True, optional=True, since=2),
)

_FIT = tuple(
    Column(name, "context", "number", meaning, empty=True, optional=True, since=4)
    for name, meaning in (
        ("train_loss", "the loss itself, its mean over the training part as it was trained on"),
        ("train_score", "the primary score on the same part"),
    )
)

_OF_OWN = asked("own", since=7)
_ASKED = (
    Column(
        *("grid", "context", "text"),
        "the loss as the run named it, with the values of a parameter that was tuned",
        **asked("grid", since=5),
    ),
    *CUT_COLUMNS,
    Column("score_hash", "hash", "text", "of what computes a primary score of the run's own", **_OF_OWN),
    Column("perfect_score", "context", "number", "such a score of a perfect predictor", **_OF_OWN),
    Column(
        *("schedule", "setting", "text"),
        "spec of how the rate moves, gradients are clipped and a training ends",
        optional=True,
        since=8,
        usual="constant",
    ),
    Column(
        *("epochs_trained", "context", "count", "epochs until the training ended, early or not"),
        **asked("patience", since=8),
    ),
    Column(
        *("search_place", "context", "count"),
        "number of the setting in the search of its loss; 1 is the same for all",
        **asked("search", since=8),
    ),
)


def _at_best(columns: Iterable[Column]) -> Iterator[Column]:
    return (replace(column, name=at_best(column.name), margin=None) for column in columns)


TRIALS: dict[str, Column] = Known(
    (column.name, column)
    for column in (
        *_TRIAL,
        Column("status", "status", "text", "how the training ended: ok, diverged or failed", choices=STATUSES),
        *METRICS.values(),
        *_at_best(METRICS.values()),
        *_CONVERGENCE,
        *_HASHES,
        *_CONTEXT,
        *_FIT,
        *_at_best(_FIT),
        *CHOSEN_COLUMNS,
        *_ASKED,
    )
)
"""The columns of `trials.csv` by name, in the order of the file; those of a metric of the run's own come after."""

COLUMNS = tuple(TRIALS)
SCHEMA = max(column.since for column in TRIALS.values())
"""Version of the files: raised by a new column, or by one that changes its meaning."""

DTYPES: dict[str, Any] = {name: column.dtype for name, column in TRIALS.items() if column.empty}
"""The types of the columns that may hold undefined values."""

ON_REQUEST = tuple(name for name, column in TRIALS.items() if column.on_request)
"""The columns that a file has only where the run asked for what they hold."""

USUAL = {name: column.usual for name, column in TRIALS.items() if column.usual}
"""The columns that a file has only where a row has another text than this one."""
