"""The columns that rows of `trials.csv` share, and those that identify a row."""

from __future__ import annotations

from lossbench.schema.trials import TRIALS

TRIAL = tuple(name for name, column in TRIALS.items() if column.group == "setting")
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

HASHES = tuple(name for name, column in TRIALS.items() if column.group == "hash" and not column.optional)
SAME = tuple(name for name in HASHES if TRIALS[name].same_for)
"""The hashes that two rows must share to be compared: the fingerprint may differ."""

OVERLAP = ("sampling", "test_rows", "train_rows")
"""The columns that say how far seeds overlap, see `lossbench.stats.paired.shared_rows`."""

OWNED = ("optimizer", "l1", "l2")
"""What a data set may have of its own; see `lossbench.plan.protocol`."""

RANKED = ("task", "view", *SETTING, "outlier_fraction")
"""What the data sets of one table of ranks share."""

CURVE = ("dataset", "task", "loss", *SETTING, "outlier_kind", "outlier_fraction", "score")
"""The first columns of `curves.csv`, which the epochs of one curve share."""
