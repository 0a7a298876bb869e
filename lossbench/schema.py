"""The one place that says what every column of every file is; all others take names, types and order from here.

To add a metric, write its function in `lossbench.metrics`, under the name that its line has here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Literal

from lossbench.task import TASKS, VALUED, Task

Group = Literal["setting", "status", "score", "convergence", "hash", "context"]
CellType = Literal["text", "number", "whole", "count", "truth"]
Need = Literal["decision", "probability", "ranking"]


@dataclass(frozen=True)
class Column:
    """One column of `trials.csv`.

    Args:
        name: the word in the header.
        group: what the column is part of; those of "setting" are the fields of a trial, and tell trials apart.
        kind: what a cell is: "count" is a whole number above zero, "truth" is True or False.
        meaning: in a few words.
        empty: whether a cell may be empty, where the value is undefined.
        optional: whether a file may lack the column, as those of an older lossbench
            do; it then reads as undefined.
        since: the version of the schema that the column came with.
        same_for: the columns that fix the value: rows that agree in them and not in this one are of different
            runs, and may not be compared.
        choices: the texts that a cell may be; any, where there are none.
        or_own: whether a cell may also be the name of a metric of the run's own, see `is_own`.
        greater_is_better: the direction; None where there is none.
        margin: the difference that is too small to matter: a hundredth of the scale, and of times the unit they
            are counted in. None where the scale is not the same on every data set: somebody who knows the units
            must declare one, or nothing is ever equivalent.
        tasks: those that have the column; rows of others leave it empty.
        on_request: what a run must ask for so that its file has the column; empty for one that is always there.
        usual: of an optional column that tells trials apart, the text that stands in every row of a file without
            it; a file has the column only where a row has another.
    """

    name: str
    group: Group
    kind: CellType
    meaning: str
    _: KW_ONLY
    empty: bool = False
    optional: bool = False
    since: int = 1
    same_for: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    or_own: bool = False
    greater_is_better: bool | None = None
    margin: float | None = None
    tasks: tuple[Task, ...] = TASKS
    on_request: str = ""
    usual: str = ""

    @property
    def dtype(self) -> str:
        """The pandas type of a column that may hold undefined values."""
        types = {"text": "string", "number": "float64", "whole": "Int64", "count": "Int64", "truth": "boolean"}
        return types[self.kind]

    def admits(self, text: str) -> bool:
        """Say whether a cell may be this text."""
        return not self.choices or text in self.choices or (self.or_own and is_own(text))


@dataclass(frozen=True)
class Metric(Column):
    """One score, shared by all losses; the function of this name in `lossbench.metrics` computes it.

    Args:
        needs: what it looks at of a prediction; it is NaN where it needs a probability and there is none.
        low: the least value that it can have.
        high: the greatest.
    """

    _: KW_ONLY
    greater_is_better: bool
    needs: Need
    low: float = 0.0
    high: float = 1.0

    @property
    def counts(self) -> bool:
        """Whether it counts rows that are right or wrong, or above one another, and so moves in steps."""
        return self.tasks[0] not in VALUED and self.needs != "probability"

    @property
    def best(self) -> float:
        """The score of a perfect prediction."""
        return 1.0 if self.greater_is_better else 0.0

    @property
    def sign(self) -> float:
        """What a score is multiplied with so that the greater is the better."""
        return 1.0 if self.greater_is_better else -1.0


_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_LABELS: tuple[Task, ...] = ("binary", "multiclass", "multilabel")
_SEPARATE: tuple[Task, ...] = ("binary", "multilabel")
_MASKS: tuple[Task, ...] = ("segmentation",)
_VALUES: tuple[Task, ...] = ("regression",)
_SAMPLES: tuple[Task, ...] = ("distribution",)
_NOVEL: tuple[Task, ...] = ("anomaly",)


def _score(
    name: str,
    tasks: tuple[Task, ...],
    greater_is_better: bool,
    needs: Need,
    meaning: str,
    margin: float | None = None,
    since: int = 1,
    low: float = 0.0,
    high: float = 1.0,
    on_request: str = "",
) -> Metric:
    number = Column(
        *(name, "score", "number", meaning), empty=True, optional=True, since=since, on_request=on_request
    )
    given = {"greater_is_better": greater_is_better, "margin": margin, "tasks": tasks}
    return Metric(**vars(number) | given, needs=needs, low=low, high=high)


def _of_task(
    task: Task, name: str, needs: Need, meaning: str, margin: float | None = 0.01, high: float = 1.0
) -> Metric:
    """Return a score that only one task has, the greater the better; files of others do without its column."""
    return _score(*(name, (task,), True, needs, meaning, margin), since=6, high=high, on_request=task)


ANOMALY_SCORES = {"error": "squared error", "bce": "cross-entropy", "kl": "cross-entropy less entropy"}
"""What says how odd a row is: by the name that columns have of it, in words; the first is the usual one."""


def by_anomaly_score(name: str, score: str) -> str:
    """Return the column of a score of anomalies under one of `ANOMALY_SCORES`.

    Example:
        >>> by_anomaly_score("tpr", "error"), by_anomaly_score("tpr", "kl")
        ('tpr', 'tpr_kl')
    """
    return name if score == next(iter(ANOMALY_SCORES)) else f"{name}_{score}"


def _by_each_score(name: str, greater_is_better: bool, needs: Need, meaning: str) -> tuple[Metric, ...]:
    return tuple(
        _score(
            *(by_anomaly_score(name, score), _NOVEL, greater_is_better, needs, f"{meaning}, by {words}", 0.01),
            since=6,
            on_request="anomaly",
        )
        for score, words in ANOMALY_SCORES.items()
    )


def _of_sample(name: str, greater_is_better: bool, meaning: str, margin: float | None = None) -> Metric:
    """Return a score of a sample: a share, or a distance in units of the target; laws are some of them wide."""
    high = 1.0 if greater_is_better else math.inf
    return _score(
        *(name, _SAMPLES, greater_is_better, "decision", meaning, margin),
        since=6,
        high=high,
        on_request="distribution",
    )


_METRICS = (
    _score("accuracy", (*_LABELS, *_MASKS), True, "decision", "share predicted right", 0.01),
    _score("f1", _LABELS, True, "decision", "precision and recall in one", 0.01),
    _score("precision", _LABELS, True, "decision", "share of positive predictions that are right", 0.01),
    _score("recall", _LABELS, True, "decision", "share of positives that are found", 0.01),
    _score("balanced_accuracy", _CLASSES, True, "decision", "mean recall of the classes", 0.01),
    _score("matthews_corrcoef", _CLASSES, True, "decision", "correlation of decision and target", since=3, low=-1),
    _score("cohen_kappa", _CLASSES, True, "decision", "agreement beyond chance", since=5, low=-1),
    _score("top_k_accuracy", ("multiclass",), True, "ranking", "right class among the first two", 0.01),
    _score("roc_auc", (*_LABELS, *_NOVEL), True, "ranking", "chance that a positive ranks above a negative", 0.01),
    _score("average_precision", _SEPARATE, True, "ranking", "area under precision and recall", since=3),
    _score("log_loss", _LABELS, False, "probability", "-log of the probability of what happened", high=math.inf),
    _score("brier", _LABELS, False, "probability", "squared error of the probabilities", 0.01, high=2),
    _score("calibration_error", _LABELS, False, "probability", "confidence against outcome", 0.01),
    _score("r2", _VALUES, True, "decision", "share of the variance explained", 0.01, low=-math.inf),
    _score("rmse", _VALUES, False, "decision", "root mean squared error", high=math.inf),
    _score("mae", _VALUES, False, "decision", "mean absolute error", high=math.inf),
    _score("median_absolute_error", _VALUES, False, "decision", "median absolute error", high=math.inf),
    _score("mape", _VALUES, False, "decision", "mean error as a fraction of the target", high=math.inf),
    _score("d2_pinball", _VALUES, True, "decision", "absolute error explained", since=5, low=-math.inf),
    _score(
        *("adaptive_calibration_error", _LABELS, False, "probability", "calibration error in equally full bins"),
        since=7,
        on_request="classification",
    ),
    _score(
        *("concordance", _VALUES, True, "decision", "chance that two rows are predicted in their order"),
        since=7,
        on_request="regression",
    ),
    _of_task("segmentation", "dice", "decision", "overlap of masks: F1 of an image's pixels"),
    _of_task("segmentation", "iou", "decision", "overlap of masks as a share of both"),
    _of_sample("transport", False, "Wasserstein distance of both samples", 0.01),
    _of_sample("sliced_transport", False, "the same, its mean along directions", 0.01),
    _of_sample("energy_distance", False, "how much farther from the other than among themselves"),
    _of_sample("mode_coverage", True, "share of the modes that get their part"),
    *_by_each_score("roc_auc", True, "ranking", "chance that an anomaly ranks above a normal row")[1:],
    *_by_each_score("partial_auc", True, "ranking", "area where few normal rows are called anomalies"),
    *_by_each_score("tpr", True, "decision", "share of the anomalies found"),
    *_by_each_score("fpr", False, "decision", "share of the normal rows called anomalies"),
    _score(
        *("explained", _NOVEL, True, "probability", "share of the variance that comes back", 0.01),
        since=6,
        low=-math.inf,
        on_request="anomaly",
    ),
    _of_task("embedding", "top_1", "decision", "right class first, by nearest neighbours"),
    _of_task("embedding", "top_5", "decision", "among the first five, by nearest neighbours"),
    _of_task("embedding", "probe_top_1", "decision", "right class first, by a linear probe"),
    _of_task("embedding", "probe_top_5", "decision", "among the first five, by a linear probe"),
    _of_task("embedding", "spread", "probability", "mean cosine distance of embeddings", margin=None, high=2),
)

TABLES: tuple[Task, ...] = ("regression", *_LABELS)
"""The tasks whose rows have a target each, which a metric of a run's own may be of."""

_OWN = re.compile(r"(?P<metric>\S.*:(?P<better>higher|lower))(?:_at_best|_at_link)?")


def is_own(name: str) -> bool:
    """Say whether a column is of a metric of the run's own: its name states which way is the better.

    Example:
        >>> is_own("profit:higher"), is_own("fbeta_score:beta=2:higher_at_best"), is_own("rmse")
        (True, True, False)
    """
    return _OWN.fullmatch(name) is not None


def is_metric(name: str) -> bool:
    """Say whether a column is a metric at the last epoch.

    Example:
        >>> is_metric("f1"), is_metric("cost:lower"), is_metric("f1_at_best"), is_metric("cost:lower_at_best")
        (True, True, False, False)
    """
    found = _OWN.fullmatch(name)
    return name in METRICS or (found is not None and found["metric"] == name)


def own_columns(names: Iterable[Any]) -> list[str]:
    """Return those of some columns that are of a metric of a run's own.

    Example:
        >>> own_columns(["f1", "cost:lower", "cost:lower_at_best"])
        ['cost:lower', 'cost:lower_at_best']
    """
    return [name for name in names if is_own(name)]


def own_metric(name: str) -> Metric:
    """Return what is known of a metric of a run's own, from the name of its column alone.

    That is its direction: a file can be read where the function that computed it is not.

    Raises:
        KeyError: it is no such name.

    Example:
        >>> own_metric("cost:lower_at_best").sign
        -1.0
    """
    found = _OWN.fullmatch(name)
    if found is None:
        raise KeyError(name)
    made = _score(name, TABLES, found["better"] == "higher", "decision", "a score of the run's own", since=7)
    return replace(made, low=-math.inf, high=math.inf)


class _Known(dict[str, Any]):
    """Columns by name; one that is not listed may be of a metric of a run's own."""

    def __missing__(self, name: str) -> Metric:
        return own_metric(name)


METRICS: dict[str, Metric] = _Known((metric.name, metric) for metric in _METRICS)
"""Every metric by name, in the order of the reports; of one of a run's own, what its name says."""


WATCHED: dict[Task, str] = {"anomaly": "explained"}
"""What is scored on the validation part where the score that is judged is undefined there: it has no anomaly."""


def watched(task: Task, score: str) -> str:
    """Return the score by which epochs and rates are chosen on validation, where another may be judged on test.

    Example:
        >>> watched("binary", "accuracy"), watched("anomaly", "roc_auc")
        ('accuracy', 'explained')
    """
    return WATCHED.get(task, score)


def at_best(score: str) -> str:
    """Return the column of a score, or of a training loss, at the epoch of the best validation score."""
    return f"{score}_at_best"


THRESHOLDS_OF: dict[Task, tuple[str, ...]] = {
    "binary": ("accuracy", "f1", "balanced_accuracy", "matthews_corrcoef"),
    "multilabel": ("f1", "balanced_accuracy", "matthews_corrcoef"),
    "segmentation": ("accuracy", "dice", "iou"),
}
"""What chooses a class threshold, where there are two classes; of several labels, that of each, by its own score.
By recall every row would be called positive, by precision hardly one."""

THRESHOLDS = tuple(dict.fromkeys(name for names in THRESHOLDS_OF.values() for name in names))


def at_link(score: str) -> str:
    """Return the column of a score at the link's own class threshold, where another one was chosen."""
    return f"{score}_at_link"


def by_label(threshold: str) -> str:
    """Return the column that holds a threshold of each label, as a list in JSON.

    Example:
        >>> by_label("threshold")
        'label_threshold'
    """
    return f"label_{threshold}"


def of_one_row(score: str) -> str:
    """Return the column of what one row may count in a score, see `lossbench.metrics.score.Score.of_one_row`."""
    return f"{score}_of_one_row"


AT_LINK = tuple(
    name
    for name, metric in METRICS.items()
    if metric.needs == "decision" and not THRESHOLDS_OF.keys().isdisjoint(metric.tasks)
)
"""The metrics that a class threshold moves."""

ROW_SCORES = (*METRICS, *map(at_link, AT_LINK))
"""What rows may contribute to."""

UNEVEN = tuple(
    name for name, metric in METRICS.items() if metric.needs == "decision" and set(metric.tasks) <= set(_LABELS)
)
"""The metrics of decisions in which a row of a rare class counts more than another."""

_UNITS = ("rmse", "mae", "median_absolute_error", "transport", "sliced_transport", "energy_distance")
IN_UNITS = (*_UNITS, *map(at_best, _UNITS))
"""The scores in units of the target, which may be of any size; 1 is the scale of all others."""


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

_ORDER = ("dataset", "seed", "batch_size", "epochs")
_HASHES = (
    Column("data_hash", "hash", "text", "of the data set", same_for=("dataset",)),
    Column("split_hash", "hash", "text", "of the split", same_for=("dataset", "seed")),
    Column("weights_hash", "hash", "text", "of the first weights", same_for=("dataset", "seed", "model")),
    Column("order_hash", "hash", "text", "of the batch order", same_for=_ORDER),
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

_ASKED: dict[str, Any] = {"empty": True, "optional": True, "since": 5, "on_request": "threshold"}
_CHOSEN = (
    Column("threshold", "context", "number", "the raw output above which a row is called positive", **_ASKED),
    Column("threshold_probability", "context", "number", "the same as a probability", **_ASKED),
)
_BY_LABEL = tuple(
    replace(column, name=by_label(column.name), kind="text", meaning=f"{column.meaning}: of each label", since=7)
    for column in _CHOSEN
)
_THRESHOLD = (
    Column("threshold_by", "context", "text", "the score it was chosen by", choices=THRESHOLDS, **_ASKED),
    *_CHOSEN,
    *(replace(column, name=at_best(column.name)) for column in _CHOSEN),
    *_BY_LABEL,
    *(replace(column, name=at_best(column.name)) for column in _BY_LABEL),
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

CUTS = tuple(f"threshold_{score}" for score in ANOMALY_SCORES)
"""The columns of the thresholds of anomalies, in the order of `ANOMALY_SCORES`."""

_CUTS = tuple(
    Column(
        *(name, "context", "number", f"the {words} above which a row is called an anomaly"),
        empty=True,
        optional=True,
        since=6,
        on_request="anomaly",
    )
    for name, words in zip(CUTS, ANOMALY_SCORES.values(), strict=True)
)

_GRID = Column(
    *("grid", "context", "text", "the loss as the run named it, with the values of a parameter that was tuned"),
    empty=True,
    optional=True,
    since=5,
    on_request="grid",
)

_OF_OWN: dict[str, Any] = {"empty": True, "optional": True, "since": 7, "on_request": "own"}
_JUDGE = (
    Column("score_hash", "hash", "text", "of what computes a primary score of the run's own", **_OF_OWN),
    Column("perfect_score", "context", "number", "such a score of a perfect predictor", **_OF_OWN),
)

_PLACE = Column(
    *(
        "search_place",
        "context",
        "count",
        "number of the setting in the search of its loss; 1 is the same for all",
    ),
    empty=True,
    optional=True,
    since=8,
    on_request="search",
)
_SCHEDULE = Column(
    *("schedule", "setting", "text", "spec of how the rate moves, gradients are clipped and a training ends"),
    optional=True,
    since=8,
    usual="constant",
)
_TRAINED = Column(
    *("epochs_trained", "context", "count", "epochs until the training ended, early or not"),
    empty=True,
    optional=True,
    since=8,
    on_request="patience",
)

TRIALS: dict[str, Column] = _Known(
    (column.name, column)
    for column in (
        *_TRIAL,
        Column("status", "status", "text", "how the training ended: ok, diverged or failed"),
        *_METRICS,
        *(replace(metric, name=at_best(metric.name), margin=None) for metric in _METRICS),
        *_CONVERGENCE,
        *_HASHES,
        *_CONTEXT,
        *_FIT,
        *(replace(column, name=at_best(column.name)) for column in _FIT),
        *_THRESHOLD,
        _GRID,
        *_CUTS,
        *_JUDGE,
        _SCHEDULE,
        _TRAINED,
        _PLACE,
    )
)
"""The columns of `trials.csv` by name, in the order of the file; those of a metric of the run's own come after."""

COLUMNS = tuple(TRIALS)
SCHEMA = max(column.since for column in TRIALS.values())
"""Version of the files: raised by a new column, or by one that changes its meaning."""

DTYPES: dict[str, Any] = {name: column.dtype for name, column in TRIALS.items() if column.empty}
"""The types of the columns that may hold undefined values."""

TRIAL = tuple(column.name for column in (*_TRIAL, _SCHEDULE))
"""What a trial is; no two rows agree in it."""


def _trial_without(*names: str) -> tuple[str, ...]:
    return tuple(name for name in TRIAL if name not in names)


SETTING = _trial_without("dataset", "task", "loss", "outlier_kind", "outlier_fraction", "seed")
"""What the losses of a data set share when they are compared."""

ARM = _trial_without("lr", "outlier_kind", "outlier_fraction", "seed")
"""What gets a learning rate of its own."""

FAMILY = _trial_without("task", "loss", "seed")
"""What the losses of one table share; p values are corrected over them."""

PLACE = (*FAMILY, "loss")
"""What the seeds of one loss share."""

HASHES = tuple(column.name for column in _HASHES)
SAME = tuple(name for name in HASHES if TRIALS[name].same_for)
"""The hashes that two rows must share to be compared: the fingerprint may differ."""

OVERLAP = ("sampling", "test_rows", "train_rows")
"""The columns that say how far seeds overlap, see `lossbench.stats.paired.shared_rows`."""

ON_REQUEST = tuple(name for name, column in TRIALS.items() if column.on_request)
"""The columns that a file has only where the run asked for what they hold."""

USUAL = {name: column.usual for name, column in TRIALS.items() if column.usual}
"""The columns that a file has only where a row has another text than this one."""

SCORES = tuple(name for name, column in TRIALS.items() if column.greater_is_better is not None)
"""The columns whose change can be judged: each has a direction."""


def is_score(name: str) -> bool:
    """Say whether a column has a direction, so that its change can be judged."""
    return name in SCORES or is_own(name)


def greater_is_better(score: str) -> bool:
    """Return the direction of a score, see `is_score`.

    Example:
        >>> greater_is_better("f1_at_best"), greater_is_better("rmse"), greater_is_better("epochs_to_target")
        (True, False, False)
    """
    return bool(TRIALS[score].greater_is_better)


TIMES = tuple(name for name in SCORES if TRIALS[name].group == "convergence")

MARGINS = {name: column.margin for name, column in TRIALS.items() if column.margin is not None}
"""The differences that are too small to matter, by score, where nobody declares others."""


def three(*names: str) -> tuple[str, ...]:
    """Return the columns of a value and of both ends of its interval."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_low", "_high"))


def counted(*names: str) -> tuple[str, ...]:
    """Return the columns of a mean, of both ends of its interval, and of the number of seeds that it is over."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_low", "_high", "_n"))


_TESTED = ("p_holm", "effect_size", "verdict")
_POSTERIOR = ("p_worse", "p_equal", "p_better", *three("beats"))
_BESIDE = ("smallest_p", "more_seeds", "bootstrap_low", "bootstrap_high", "bootstrap_disagrees")

SUMMARY = (
    *("dataset", "task", "loss", "view", *SETTING),
    *("outlier_kind", "largest_share", "outlier_fraction", "score", "n", "undefined", "diverged", "failed"),
    *("mean", "low", "high"),
    *("reference", *three("difference"), "difference_n", "unit", *_TESTED, *_POSTERIOR),
    *("tied_with_best", "letters", *_BESIDE),
    *counted(*METRICS, "at_best"),
    *three("epochs_to_target", "epochs_to_target_median"),
    *("reached", "targets"),
    *three("epochs_to_target_difference"),
    *("epochs_to_target_p_holm", "epochs_to_target_verdict"),
    *counted("epochs_to_plateau"),
    *three("epochs_to_plateau_median"),
    *counted("robustness"),
    *three("slope", "breakdown_median"),
    "broke_down",
)
"""The columns of `summary.csv`: one row a data set, setting and loss."""

COMPARISONS = (
    *("dataset", "task", "view", *SETTING, "outlier_fraction", "score", "first", "second"),
    *(*three("difference"), "n", "unit", "p_value", *_TESTED, *_POSTERIOR, *_BESIDE),
)
"""The columns of `comparisons.csv`: one row a data set, setting and pair of losses."""

BUDGET = (
    *("settings", "dataset", "task", "loss", "value", *SETTING, "score", "n", "mean", "low", "high"),
    *("reference", *three("difference"), "unit", *_TESTED, "moved"),
)
"""The columns of `budget.csv`: one row a number of settings, data set, setting and loss."""

OWNED = ("optimizer", "l1", "l2")
"""What a data set may have of its own; see `lossbench.plan.protocol`."""

RANKED = ("task", "view", *SETTING, "outlier_fraction")
"""What the data sets of one table of ranks share."""

RANKS = (
    *(*RANKED, "loss", "average_rank", "losses", "data_sets", "reference"),
    *("p_value", "p_holm", "smallest_p", "data_sets_needed", "verdict", "reason"),
    *("friedman", "friedman_p", "friedman_reason"),
    "letters",
)
"""The columns of `ranks.csv`, but for those of the skill: one row a task, setting and loss."""

SKILLS = (*RANKED, "loss", *three("skill"), "runs")
"""The columns that tell a row of `ranks.csv`, and those of the skill, which are its last."""

PROFILES = (*RANKED, "loss", "data_sets", "runs", "above", *three("share"))
"""The columns of `profiles.csv`: one row a task, setting, loss and level of skill."""

_RANGES = tuple(f"{column.name}{end}" for column in _CHOSEN for end in ("", "_least", "_most"))
_VIEW = ("mean", "low", "high", "verdict", "letters")
THRESHOLD_VIEWS = (
    *("dataset", "task", "loss", "view", *SETTING, "score", "threshold_by", *_RANGES),
    *(*_VIEW, *map(at_link, _VIEW), "agreement"),
)
"""The columns of `thresholds.csv`: one row a data set, setting and loss."""

CURVE = ("dataset", "task", "loss", *SETTING, "outlier_kind", "outlier_fraction", "score")
"""The first columns of `curves.csv`, which the epochs of one curve share."""

_AVERAGED = (
    Column("n", "context", "whole", "seeds that count"),
    Column("mean", "score", "number", "over these seeds", empty=True),
    Column("low", "score", "number", "end of its interval", empty=True),
    Column("high", "score", "number", "end of its interval", empty=True),
)
_TUNED = (
    Column("diverged", "context", "whole", "seeds that diverged"),
    Column("chosen", "context", "truth", "whether it is the loss's own rate"),
    Column("at_edge", "context", "truth", "whether a better rate may lie beyond the grid"),
)
_TUNED_PARAMETER = (
    _GRID,
    Column(
        *("parameter_at_edge", "context", "truth", "whether a better value may lie beyond the grid"),
        optional=True,
        on_request="grid",
    ),
)
_EPOCH = Column("epoch", "context", "count", "counted from 1")
_PART = Column("part", "context", "text", "a loss of the sum; its share of the gradient stands behind it")
_CURVES = (*(TRIALS[name] for name in CURVE), _EPOCH, *_AVERAGED)
_PARTS = (*(TRIALS[name] for name in CURVE if name != "score"), _PART, _EPOCH, *_AVERAGED)
_TUNING = (*(TRIALS[name] for name in (*ARM, "score", "lr")), *_AVERAGED, *_TUNED, *_TUNED_PARAMETER, _PLACE)

CURVES, TUNING, PARTS = ({column.name: column for column in columns} for columns in (_CURVES, _TUNING, _PARTS))
"""The columns of `curves.csv`, of `tuning.csv` and of `parts.csv` by name."""

_COUNTS = tuple(name for name in SUMMARY if name.endswith("_n"))
UNDEFINED = dict.fromkeys((*_COUNTS, "more_seeds", "data_sets_needed", "runs"), "Int64") | {
    "bootstrap_disagrees": "boolean"
}
"""The types of the columns of these tables that may hold undefined values besides floats."""
