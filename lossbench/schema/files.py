"""The columns of all other files: tables that are made from `trials.csv`."""

from __future__ import annotations

from lossbench.schema.column import Column
from lossbench.schema.metrics import METRICS
from lossbench.schema.names import at_link, counted, three
from lossbench.schema.rows import ARM, CURVE, RANKED, SETTING
from lossbench.schema.trials import TRIALS

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

_CHOSEN = ("threshold", "threshold_probability")
_RANGES = tuple(f"{name}{end}" for name in _CHOSEN for end in ("", "_least", "_most"))
_VIEW = ("mean", "low", "high", "verdict", "letters")
THRESHOLD_VIEWS = (
    *("dataset", "task", "loss", "view", *SETTING, "score", "threshold_by", *_RANGES),
    *(*_VIEW, *map(at_link, _VIEW), "agreement"),
)
"""The columns of `thresholds.csv`: one row a data set, setting and loss."""

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
    TRIALS["grid"],
    Column(
        *("parameter_at_edge", "context", "truth", "whether a better value may lie beyond the grid"),
        optional=True,
        on_request="grid",
    ),
    TRIALS["search_place"],
)
_EPOCH = Column("epoch", "context", "count", "counted from 1")
_PART = Column("part", "context", "text", "a loss of the sum; its share of the gradient stands behind it")


def _table(*columns: str | Column) -> dict[str, Column]:
    """Return columns by name; a text stands for the column of that name in `trials.csv`."""
    found = (TRIALS[column] if isinstance(column, str) else column for column in columns)
    return {column.name: column for column in found}


CURVES = _table(*CURVE, _EPOCH, *_AVERAGED)
TUNING = _table(*ARM, "score", "lr", *_AVERAGED, *_TUNED)
PARTS = _table(*(name for name in CURVE if name != "score"), _PART, _EPOCH, *_AVERAGED)
"""The columns of `curves.csv`, of `tuning.csv` and of `parts.csv` by name."""

_COUNTS = tuple(name for name in SUMMARY if name.endswith("_n"))
UNDEFINED = dict.fromkeys((*_COUNTS, "more_seeds", "data_sets_needed", "runs"), "Int64") | {
    "bootstrap_disagrees": "boolean"
}
"""The types of the columns of these tables that may hold undefined values besides floats."""
