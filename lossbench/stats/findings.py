"""The statistics of a table of trials, computed once and never changed; reports only render them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from lossbench.schema import CURVE, MARGINS, OVERLAP, PARTS, SETTING
from lossbench.stats.answer.facts import RunAnswer, TableAnswer
from lossbench.stats.answer.run import over_tables
from lossbench.stats.answer.table import answers
from lossbench.stats.groups import ComparisonGroup, comparison_groups
from lossbench.stats.paired import corrected_interval, shared_rows
from lossbench.stats.pairs import BEST, Judged, compare_pairs, judge
from lossbench.stats.profiles import Pool, pools, profile_table, skill_table
from lossbench.stats.ranks import rank_losses
from lossbench.stats.row_scores import RowScores
from lossbench.stats.summary import summarise
from lossbench.stats.thresholds import rows_at_link, threshold_views, trials_at_link
from lossbench.stats.tuning import budget_table, chosen_within, side_by_side, sizes

LINE = ("dataset", "loss", *SETTING)
"""The columns that identify a line in a chart."""


@dataclass(frozen=True)
class Findings:
    """The statistics of finished trials.

    Args:
        trials: one row per training, see `docs/files.md` for the columns. Undefined values are missing; so is
            `epochs_to_target` where `converged` is False, which means censored at `epochs`, not undefined.
        tuning: one row per loss and learning rate, where rates were tuned; see `lossbench.stats.tuning`.
        margins: the difference that is too small to matter, by score.
        contributed: the contributions of table rows to the scores; None where only the trials are known, so that
            seeds are the unit everywhere.
        correction: factor on p values for several looks, see `lossbench.stats.answer.looks`; 1 for a single look.
    """

    trials: pd.DataFrame = field(repr=False)
    tuning: pd.DataFrame | None = field(default=None, repr=False)
    margins: Mapping[str, float] = field(default_factory=lambda: MARGINS, repr=False)
    contributed: RowScores | None = field(default=None, repr=False)
    correction: float = field(default=1.0, kw_only=True)

    @cached_property
    def judged(self) -> list[Judged]:
        """The comparison groups with the verdicts on their pairs, from which all tables are made."""
        groups = comparison_groups(self.trials, self.tuning, self.contributed)
        return judge((replace(group, correction=self.correction) for group in groups), self.margins)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per data set and loss: means, intervals, n, and the verdict against the first loss."""
        return summarise(self.judged, self.margins)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """One row per data set and pair of losses: all with the first loss, and those among the `BEST` best."""
        return compare_pairs(self.judged, BEST)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row per data set and pair of losses, all pairs."""
        return compare_pairs(self.judged)

    @cached_property
    def answers(self) -> list[TableAnswer]:
        """The answer of the verdicts on each data set and setting."""
        return answers(self.judged, self.margins)

    @cached_property
    def answer(self) -> RunAnswer:
        """The answer over all of them."""
        return over_tables(self.answers)

    @cached_property
    def pools(self) -> list[Pool]:
        """The skills of all trainings of each task, over its data sets."""
        return pools(named_by_grid(one.group, self.arms) for one in self.judged)

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """One row per task and loss: its average rank, for which the data set is the unit, and its skill."""
        tuned, names = self.summary["view"] == "tuned", self.summary[["loss", "reference"]]
        named = self.summary.assign(**names.mask(tuned, names.replace(self.arms)))
        return rank_losses(named).merge(skill_table(self.pools), how="left")

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """One row per task, loss and level: the share of its trainings whose skill is above the level."""
        return profile_table(self.pools)

    @cached_property
    def arms(self) -> dict[str, str]:
        """For each loss that is a value of a grid, that grid."""
        tuned = self.trials.loc[self.trials.grid.notna(), ["loss", "grid"]]
        return dict(zip(tuned.loss, tuned.grid, strict=True))

    @cached_property
    def views(self) -> pd.DataFrame | None:
        """One row per data set and loss, at one rate for all and at its own; None where rates were not tuned."""
        return None if self.tuning is None else side_by_side(self.summary, self.arms)

    @cached_property
    def budget(self) -> pd.DataFrame | None:
        """One row per data set, loss and number of settings of a shorter search; None without a search."""
        if self.tuning is None or "search_place" not in self.tuning:
            return None
        parts = {size: self.within(size).summary for size in sizes(int(self.tuning.search_place.max()))}
        return budget_table(parts, self.arms)

    def within(self, settings: int) -> Findings:
        """Return the findings of a search that stopped after its first settings."""
        trials = self.trials[self.trials.search_place <= settings]
        tuning = None if self.tuning is None else chosen_within(self.tuning, settings)
        return Findings(trials, tuning, self.margins, self.contributed, correction=self.correction)

    @cached_property
    def thresholds(self) -> pd.DataFrame | None:
        """One row per data set and loss, at chosen thresholds and at the links' own; None if none were chosen."""
        trials = trials_at_link(self.trials)
        if trials is None:
            return None
        own = Findings(
            trials, self.tuning, self.margins, rows_at_link(self.contributed), correction=self.correction
        )
        return threshold_views(trials, self.summary, own.summary)


def named_by_grid(group: ComparisonGroup, arms: Mapping[str, str]) -> ComparisonGroup:
    """Return a group whose losses have the names of their grids: each data set may have chosen another value."""
    if group.view == "fixed":
        return group
    return replace(group, losses=[arms.get(loss, loss) for loss in group.losses])


def average_curves(
    trials: pd.DataFrame, curves: Sequence[np.ndarray] | np.ndarray, ends: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Return the validation curve of each loss under each contaminated share, averaged over seeds.

    Args:
        trials: one row per trial.
        curves: the curve (epochs,) of each trial; lengths may differ between losses and settings.
        ends: the least and the greatest value that a curve can have; None for those of each trial's score.

    Returns:
        One row per epoch: mean over the seeds whose score is defined there, interval, and n.
    """
    keys = list(CURVE)
    arm, first = trials.groupby(keys, sort=False).ngroup().to_numpy(), trials.drop_duplicates(keys)
    ratios = [shared_rows(*overlap) for overlap in zip(*(first[name] for name in OVERLAP), strict=True)]
    whole = [
        corrected_interval(np.stack([curves[index] for index in trials.index[arm == number]], axis=-1), ratio)
        for number, ratio in enumerate(ratios)
    ]
    found = [
        one.within(*ends) if ends else one.of_score(score) for one, score in zip(whole, first.score, strict=True)
    ]
    lengths = [len(np.asarray(one.mean)) for one in found]
    shared = first[keys].loc[first.index.repeat(lengths)].reset_index(drop=True)
    return shared.assign(
        epoch=np.concatenate([np.arange(1, length + 1) for length in lengths]),
        **{name: np.concatenate([getattr(one, name) for one in found]) for name in ("n", "mean", "low", "high")},
    )


def share_curves(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the mean primary score of each loss under each contaminated share, with its interval over seeds.

    Args:
        trials: one row per trial, numbered from 0.

    Returns:
        One row per data set, loss, setting and share: those columns, `n`, `mean`, `low` and `high`.
    """
    scores = np.empty(len(trials))
    for name, rows in trials.groupby("score").indices.items():
        scores[rows] = trials[name].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    return average_curves(trials, scores[:, None]).drop(columns="epoch")


def average_shares(
    trials: pd.DataFrame, slopes: Sequence[np.ndarray], names: Sequence[tuple[str, ...]]
) -> pd.DataFrame:
    """Return each part's share of the gradient, averaged over seeds: its norm over the sum of all parts' norms.

    Args:
        trials: one row per trial, numbered from 0.
        slopes: (parts, epochs) the norms of each trial; see `lossbench.training.trace.Trace`.
        names: of the parts of each trial's loss; empty where it is no sum. At least one is a sum.

    Returns:
        One row per loss, part and epoch, with the columns of `lossbench.schema.PARTS`.
    """
    with np.errstate(invalid="ignore"):  # where every part is flat there are no shares
        shares = [norms / norms.sum(axis=0) for norms in slopes]
    found = []
    for place in range(max(map(len, names))):
        having = [row for row, own in enumerate(names) if place < len(own)]
        named = trials.iloc[having].assign(part=[names[row][place] for row in having]).reset_index(drop=True)
        label = named.groupby("loss").part.first()
        curves = average_curves(named, [shares[row][place] for row in having], ends=(0.0, 1.0))
        found.append(curves.assign(part=curves.loss.map(label), place=place))
    joined = pd.concat(found, ignore_index=True)
    arm = joined.groupby([name for name in PARTS if name in trials], sort=False).ngroup()
    return joined.iloc[np.lexsort((joined.epoch, joined.place, arm))][list(PARTS)].reset_index(drop=True)
