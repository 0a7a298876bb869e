"""A trial's view of a split: its contaminated training part, and the rows that it is tested on."""

from __future__ import annotations

from dataclasses import replace

from lossbench.data.contamination import AT_TEST, MOVES_FEATURES, contaminate, contaminate_test
from lossbench.data.fold import Fold, Part
from lossbench.data.weights import training_weights
from lossbench.training.trial import Trial

View = tuple[int, str, float]
"""What decides which rows a trial sees, and how they are contaminated: its seed, the kind and the share."""


def view_of(trial: Trial) -> View:
    """Return the view of a trial."""
    return trial.seed, trial.outlier_kind, trial.outlier_fraction


def rows_of(trial: Trial) -> View:
    """Return what determines the features of a trial and their order; contaminated targets do not count."""
    seed, kind, fraction = view_of(trial)
    return (seed, kind, fraction) if kind in (*MOVES_FEATURES, *AT_TEST) else (seed, "none", 0.0)


def contaminated_part(fold: Fold, trial: Trial) -> Part:
    """Return the training part of a fold as a trial sees it."""
    if trial.outlier_kind in ("none", *AT_TEST):
        return fold.train
    features, target = contaminate(fold, trial.outlier_kind, trial.outlier_fraction, trial.seed)
    weights = training_weights(fold.dataset, fold.train.rows, target)  # by the contaminated classes
    return replace(fold.train, features=features, target=target, weights=weights)


def tested_part(fold: Fold, trial: Trial) -> Part:
    """Return the test part of a fold as a trial is tested on it."""
    if trial.outlier_kind not in AT_TEST:
        return fold.test
    features = contaminate_test(fold, trial.outlier_kind, trial.outlier_fraction, trial.seed)
    return replace(fold.test, features=features)
