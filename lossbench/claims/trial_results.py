"""The results of a run for a study: the trials, and those that chose the rates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from lossbench.stats.row_scores import RowScores


@dataclass(frozen=True, eq=False)
class TrialResults:
    """The results of trained trials.

    Args:
        trials: one row per trial; if rates are tuned, each loss at its own.
        raw_curves: (trials, epochs) the validation curve of each trial.
        contributed: what the rows of tables contribute to the scores; None if that is not known.
        tuning: the rate that was chosen for each loss; None if rates are not tuned.
        choosing: the trials of the tuning seeds, at every rate that may be the best; None likewise.
    """

    trials: pd.DataFrame = field(repr=False)
    raw_curves: np.ndarray = field(repr=False)
    contributed: RowScores | None = field(default=None, repr=False)
    tuning: pd.DataFrame | None = field(default=None, repr=False)
    choosing: pd.DataFrame | None = field(default=None, repr=False)
