"""The statistics of a table of trials, computed once and never changed; reports only render them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from lossbench.schema import MARGINS
from lossbench.stats.pairs import compare_pairs
from lossbench.stats.ranks import rank_losses
from lossbench.stats.summary import summarise
from lossbench.stats.tuning import side_by_side


@dataclass(frozen=True)
class Findings:
    """The statistics of finished trials.

    Args:
        trials: one row a training, see the README for the columns. Undefined is missing; so is
            `epochs_to_target` where `converged` is False, which means censored at `epochs`, not undefined.
        tuning: one row a loss and learning rate, where rates were tuned; see `lossbench.stats.tuning`.
        margins: the difference that is too small to matter, by score.
    """

    trials: pd.DataFrame = field(repr=False)
    tuning: pd.DataFrame | None = field(default=None, repr=False)
    margins: Mapping[str, float] = field(default_factory=lambda: MARGINS, repr=False)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a data set and loss: means, intervals, n, and the verdict against the first loss."""
        return summarise(self.trials, self.tuning, self.margins)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """One row a data set and pair of losses."""
        return compare_pairs(self.trials, self.tuning, self.margins)

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """One row a task and loss: its average rank over the data sets, which are the unit here."""
        return rank_losses(self.summary)

    @cached_property
    def views(self) -> pd.DataFrame | None:
        """One row a data set and loss, at one rate for all and at its own; None where rates were not tuned."""
        return None if self.tuning is None else side_by_side(self.summary)
