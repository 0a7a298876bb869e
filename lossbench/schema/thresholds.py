"""Thresholds above which a row is called positive: what chooses them, what they affect, and their columns."""

from __future__ import annotations

from dataclasses import replace

from lossbench.schema.column import Column, asked
from lossbench.schema.metrics import ANOMALY_SCORES, METRICS
from lossbench.schema.names import at_best, at_link, by_label
from lossbench.task import Task

THRESHOLDS_OF: dict[Task, tuple[str, ...]] = {
    "binary": ("accuracy", "f1", "balanced_accuracy", "matthews_corrcoef"),
    "multilabel": ("f1", "balanced_accuracy", "matthews_corrcoef"),
    "segmentation": ("accuracy", "dice", "iou"),
}
"""What chooses a class threshold, where there are two classes; of several labels, that of each, by its own score.
By recall every row would be called positive, by precision hardly one."""

THRESHOLDS = tuple(dict.fromkeys(name for names in THRESHOLDS_OF.values() for name in names))


AT_LINK = tuple(
    name
    for name, metric in METRICS.items()
    if metric.needs == "decision" and not THRESHOLDS_OF.keys().isdisjoint(metric.tasks)
)
"""The metrics that a class threshold moves."""

_ASKED = asked("threshold", since=5)
_CHOSEN = (
    Column("threshold", "context", "number", "the raw output above which a row is called positive", **_ASKED),
    Column("threshold_probability", "context", "number", "the same as a probability", **_ASKED),
)
_BY_LABEL = tuple(
    replace(column, name=by_label(column.name), kind="text", meaning=f"{column.meaning}: of each label", since=7)
    for column in _CHOSEN
)

CHOSEN_COLUMNS = (
    Column("threshold_by", "context", "text", "the score it was chosen by", choices=THRESHOLDS, **_ASKED),
    *(
        replace(column, name=name(column.name))
        for columns in (_CHOSEN, _BY_LABEL)
        for name in (str, at_best)
        for column in columns
    ),
    *(
        replace(
            METRICS[name],
            name=at_link(name),
            margin=None,
            tasks=tuple(task for task in THRESHOLDS_OF if task in METRICS[name].tasks),
            since=max(5, METRICS[name].since),
            on_request="threshold",
        )
        for name in AT_LINK
    ),
)
"""The columns of a class threshold that was chosen, and of the scores at the link's own."""

CUTS = tuple(f"threshold_{score}" for score in ANOMALY_SCORES)
"""The columns of the thresholds of anomalies, in the order of `ANOMALY_SCORES`."""

CUT_COLUMNS = tuple(
    Column(name, "context", "number", f"the {words} above which a row is called an anomaly", **asked("anomaly", 6))
    for name, words in zip(CUTS, ANOMALY_SCORES.values(), strict=True)
)
