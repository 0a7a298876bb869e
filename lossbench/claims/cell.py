"""A cell: the trials of one data set under one protocol and setting, and the comparisons among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.claims.claim import Evidence
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.scores import CONSTANT, Scores, by_seed, scores_at_other_choices
from lossbench.claims.study import Study
from lossbench.claims.trial_results import TrialResults
from lossbench.schema import METRICS, OVERLAP, Metric
from lossbench.stats.choice import choice_variance
from lossbench.stats.groups import identities, rows_counted
from lossbench.stats.paired import SeedSpread, over_seeds, shared_rows
from lossbench.stats.row_scores import RowScores
from lossbench.stats.rows import RowSpread, over_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Cell:
    """The trials of one data set.

    Args:
        protocol: name of the protocol.
        trials: one row per trial; every loss has the same seeds, in the same order.
        contributed: what the rows of tables contribute to the scores; None if that is not known.
        choosing: the trials that chose the rates, see `TrialResults`; None if no rates were chosen.
    """

    protocol: str
    trials: pd.DataFrame = field(repr=False)
    contributed: RowScores | None = field(default=None, repr=False)
    choosing: pd.DataFrame | None = field(default=None, repr=False)

    @cached_property
    def dataset(self) -> str:
        """Spec of the data set."""
        return str(self.trials.dataset.iloc[0])

    @cached_property
    def scores(self) -> Scores:
        """The scores of the trials."""
        return by_seed(self.trials)

    @cached_property
    def retuned(self) -> tuple[Scores, Scores] | None:
        """The scores, had other seeds chosen the rates: twice, see `scores_at_other_choices`."""
        return None if self.choosing is None else scores_at_other_choices(self.choosing, self.losses, self.shares)

    @property
    def primary(self) -> Metric:
        """The score by which the data set is judged."""
        return self.scores.primary

    @cached_property
    def test_to_train(self) -> float:
        """The ratio of test to training rows, see `lossbench.stats.paired.shared_rows`."""
        return shared_rows(*self.trials[list(OVERLAP)].iloc[0])

    @cached_property
    def losses(self) -> list[str]:
        """The losses that were trained."""
        return list(dict.fromkeys(self.trials.loss.tolist()))

    @property
    def shares(self) -> list[float]:
        """The contaminated shares, ascending."""
        return self.scores.shares

    def of(self, column: str, loss: str, share: float | None = None) -> np.ndarray:
        """Return one column of a loss at a contaminated share, by default the smallest: (seeds,)."""
        return self.scores.of(column, loss, share)

    def _places_of(self, loss: str) -> np.ndarray:
        """Return the places in `contributed` of the trials of a loss at the smallest share: (seeds,)."""
        assert self.contributed is not None  # called only then
        mine = self.trials.iloc[self.scores.where[loss, self.shares[0]]]
        return self.contributed.places(identities(mine))

    @cached_property
    def _diverged_counts(self) -> dict[str, int]:
        """The number of diverged trainings of each loss that has any."""
        return dict(Counter(self.trials.loss[self.trials.status == "diverged"].tolist()))

    def diverged(self, losses: Collection[str]) -> dict[str, int]:
        """Count the diverged trainings of each of these losses that has any."""
        return {loss: count for loss, count in self._diverged_counts.items() if loss in losses}

    def at(self, share: float) -> Cell:
        """Return the trials at one contaminated share."""
        return replace(self, trials=self.trials[self.trials.outlier_fraction == share])

    def with_scores_changed(self, view: Callable[[pd.DataFrame], pd.DataFrame]) -> Cell:
        """Return the trials with changed scores; what rows contribute to these is not known."""
        choosing = None if self.choosing is None else view(self.choosing)
        return replace(self, trials=view(self.trials), contributed=None, choosing=choosing)

    def by_rate(self) -> dict[float, Cell]:
        """Return the trials at each learning rate, ascending."""
        rates = sorted(set(self.trials.lr.tolist()))
        return {rate: replace(self, trials=self.trials[self.trials.lr == rate]) for rate in rates}

    def spread_between(
        self, arms: Sequence[str], worth: Callable[[Scores, str], np.ndarray]
    ) -> SeedSpread | RowSpread:
        """Return the difference of two arms in their worth, (..., seeds), and its spread."""
        return self.spread_of_difference(lambda scores: worth(scores, arms[0]) - worth(scores, arms[1]))

    def spread_of_difference(
        self, difference: Callable[[Scores], np.ndarray], rows: float = 0.0
    ) -> SeedSpread | RowSpread:
        """Return the spread of a difference over the seeds, including that of the choice of the rates.

        Args:
            difference: computes the difference from scores, (..., seeds).
            rows: how many rows it counts, see `SeedSpread`.
        """
        given = over_seeds(difference(self.scores).astype(np.float64), self.test_to_train, rows)
        return self.with_choice(given, difference)

    def with_choice(
        self, given: SeedSpread | RowSpread, difference: Callable[[Scores], np.ndarray]
    ) -> SeedSpread | RowSpread:
        """Widen the spread of a difference at the chosen rates by that of their choice."""
        if self.retuned is None:
            return given
        here, there = map(difference, self.retuned)
        return given.widened(choice_variance(np.subtract(here, there, dtype=np.float64)))

    def spread_of(self, score: str, arms: tuple[str, str], other: str = "") -> SeedSpread | RowSpread:
        """Return the spread of the first arm's score minus the second's, over rows of a table if known.

        Diverged trainings have no rows; if there are any, the spread is over seeds. If rates were tuned, it
        includes that of their choice.

        Args:
            score: name of a metric.
            arms: two losses that were trained, or one and the constant answer.
            other: the score of the second arm, if it is another one.
        """
        names, by_name = (score, other or score), partial(Scores.difference, score=score, arms=arms, other=other)
        if self.contributed and CONSTANT not in arms and not self.diverged(arms):
            scores = np.stack([self.of(name, arm) for name, arm in zip(names, arms, strict=True)])
            known = np.where(np.isnan(scores), -1, np.stack([self._places_of(arm) for arm in arms]))
            found = {name: self.contributed.contributions(known, name) for name in dict.fromkeys(names)}
            mine, their = (found[name] for name in names)
            if mine is not None and their is not None:
                differences, counts = mine.scores[:1] - their.scores[1:], METRICS[score].counts
                step = max(np.max(one.step(counts)) for one in (mine, their))
                return self.with_choice(over_rows(differences, mine.unit, mine.split, step), by_name)
        rows, seeds = float(self.trials.test_rows.iloc[0]), self.trials.seed.nunique()
        return self.spread_of_difference(by_name, rows_counted(score, rows, self.test_to_train, seeds))

    def levels(self, score: str, arms: Iterable[str]) -> str:
        """State the mean score of each loss, and its rate."""
        means = (f"{arm} {self.of(score, arm).mean():.3f} at rate {self.of('lr', arm)[0]:g}" for arm in arms)
        return ", ".join(means)

    def compared(
        self, score: str, arms: tuple[str, str], direction: Direction, study: Study, note: str = ""
    ) -> Contrast:
        """Return the contrast of two losses by a score, within the margin of the study.

        Args:
            score: name of a metric.
            arms: two losses that were trained, or one and the constant answer.
            direction: what is claimed of the first.
            study: has the margins.
            note: what a reader must also know.
        """
        margin, greater = study.margin(score), METRICS[score].greater_is_better
        facts = {"note": note} | self.contamination
        made = self.contrast(score, arms, self.spread_of(score, arms), direction, margin, greater, **facts)
        return replace(made, complete=(True, True)) if score == self.primary.name else made

    def contrast(
        self,
        quantity: str,
        arms: Sequence[str],
        differences: np.ndarray | SeedSpread | RowSpread,
        direction: Direction,
        margin: float | None,
        greater_is_better: bool = True,
        *,
        losses: Collection[str] | None = None,
        note: str = "",
        **facts: Any,
    ) -> Contrast:
        """Return a comparison of two arms, not judged yet.

        A diverged training counts against its arm; if the arms are not two losses, it leaves the comparison open.

        Args:
            quantity: what is measured.
            arms: what is compared.
            differences: (seeds,) the first minus the second; or their spread.
            direction: what is claimed of the first.
            margin: the difference that is too small to matter; None if none is declared.
            greater_is_better: the direction of what is measured.
            losses: the losses involved, if they are not the arms.
            note: what a reader must also know.
            **facts: further fields of the evidence.
        """
        gone = self.diverged(arms if losses is None else losses)
        said = [note, *(f"{loss} diverged {count} times" for loss, count in gone.items())]
        line = Evidence(
            "inconclusive",
            quantity,
            self.protocol,
            self.dataset,
            arms=tuple(arms),
            diverged=sum(gone.values()),
            note="; ".join(filter(None, said)),
            **facts,
        )
        pair = losses is None and len(arms) == 2
        complete = (arms[0] not in gone, arms[1] not in gone) if pair else (True, True)
        spread = differences
        if isinstance(spread, np.ndarray):
            spread = over_seeds(spread.astype(np.float64), self.test_to_train)
        ambiguous = bool(gone) and not pair
        return Contrast(line, spread, direction, margin, greater_is_better, complete=complete, ambiguous=ambiguous)

    @property
    def contamination(self) -> dict[str, Any]:
        """The contamination of the training part, as fields of the evidence; empty if there is none."""
        dirty = self.trials[self.trials.outlier_fraction > 0]
        if dirty.empty:
            return {}
        return {"contamination": str(dirty.outlier_kind.iloc[0]), "shares": tuple(self.shares)}


def cells_of(protocol: str, tried: TrialResults) -> Iterator[Cell]:
    """Yield the trials of each data set."""
    choosing = {} if tried.choosing is None else dict(iter(tried.choosing.groupby("dataset", sort=False)))
    for dataset, mine in tried.trials.groupby("dataset", sort=False):
        yield Cell(protocol, mine, tried.contributed, choosing.get(dataset))
