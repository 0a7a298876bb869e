"""A cell: the trials of one data set under one protocol and one setting, and the comparisons made among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.claims.claim import Evidence
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.scores import CONSTANT, Scores, as_chosen_by_others, by_seed
from lossbench.claims.study import Study
from lossbench.claims.tried import Tried
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
        trials: a row each; of every loss the same seeds, in the same order.
        contributed: what the rows of tables contribute to the scores; None where that is not known.
        choosing: those of the seeds that chose the rates, see `Tried`; None where none were chosen.
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
        """What the trials came to."""
        return by_seed(self.trials)

    @cached_property
    def retuned(self) -> tuple[Scores, Scores] | None:
        """What they would have come to, had other seeds chosen the rates: twice, see `as_chosen_by_others`."""
        return None if self.choosing is None else as_chosen_by_others(self.choosing, self.losses, self.shares)

    @property
    def primary(self) -> Metric:
        """The score by which the data set is judged."""
        return self.scores.primary

    @cached_property
    def test_to_train(self) -> float:
        """How far seeds overlap, see `lossbench.stats.paired.shared_rows`."""
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

    def _in_file(self, loss: str) -> np.ndarray:
        """Return where what rows contribute knows the trials of a loss at the smallest share: (seeds,)."""
        assert self.contributed is not None  # asked for where it is
        mine = self.trials.iloc[self.scores.where[loss, self.shares[0]]]
        return self.contributed.places(identities(mine))

    @cached_property
    def _gone(self) -> dict[str, int]:
        """How many trainings of each loss diverged, where any did."""
        return dict(Counter(self.trials.loss[self.trials.status == "diverged"].tolist()))

    def diverged(self, losses: Collection[str]) -> dict[str, int]:
        """Count the trainings that diverged, of each loss that has some."""
        return {loss: count for loss, count in self._gone.items() if loss in losses}

    def at(self, share: float) -> Cell:
        """Return the trials at one contaminated share."""
        return replace(self, trials=self.trials[self.trials.outlier_fraction == share])

    def seen_by(self, view: Callable[[pd.DataFrame], pd.DataFrame]) -> Cell:
        """Return the same trials with some scores changed, of which it is not known what rows contribute."""
        choosing = None if self.choosing is None else view(self.choosing)
        return replace(self, trials=view(self.trials), contributed=None, choosing=choosing)

    def by_rate(self) -> dict[float, Cell]:
        """Return the trials at each learning rate, ascending."""
        rates = sorted(set(self.trials.lr.tolist()))
        return {rate: replace(self, trials=self.trials[self.trials.lr == rate]) for rate in rates}

    def apart(self, arms: Sequence[str], worth: Callable[[Scores, str], np.ndarray]) -> SeedSpread | RowSpread:
        """Return how far two arms are apart in what each is worth, (..., seeds), and how that scatters."""
        return self.scattered(lambda scores: worth(scores, arms[0]) - worth(scores, arms[1]))

    def scattered(self, difference: Callable[[Scores], np.ndarray], rows: float = 0.0) -> SeedSpread | RowSpread:
        """Return how a difference scatters over the seeds, and with the choice of the rates.

        Args:
            difference: takes scores and returns what is asked, (..., seeds).
            rows: how many rows it counts, see `SeedSpread`.
        """
        given = over_seeds(difference(self.scores).astype(np.float64), self.test_to_train, rows)
        return self.with_choice(given, difference)

    def with_choice(
        self, given: SeedSpread | RowSpread, difference: Callable[[Scores], np.ndarray]
    ) -> SeedSpread | RowSpread:
        """Return how a difference scatters at the rates that were chosen, and with their choice."""
        if self.retuned is None:
            return given
        here, there = map(difference, self.retuned)
        return given.widened(choice_variance(np.subtract(here, there, dtype=np.float64)))

    def spread_of(self, score: str, arms: tuple[str, str], other: str = "") -> SeedSpread | RowSpread:
        """Return how the first arm's score minus the second's scatters: over the rows of a table, where known.

        Trainings that diverged have no rows; where there are some, seeds are counted. Where rates were tuned, what
        hangs on their choice is part of it.

        Args:
            score: name of a measure.
            arms: two losses that were trained, or one and the constant answer.
            other: that of the second arm, where it is another one.
        """
        names, by_name = (score, other or score), partial(Scores.difference, score=score, arms=arms, other=other)
        if self.contributed and CONSTANT not in arms and not self.diverged(arms):
            scores = np.stack([self.of(name, arm) for name, arm in zip(names, arms, strict=True)])
            known = np.where(np.isnan(scores), -1, np.stack([self._in_file(arm) for arm in arms]))
            found = {name: self.contributed.contributions(known, name) for name in dict.fromkeys(names)}
            mine, their = (found[name] for name in names)
            if mine is not None and their is not None:
                differences, counts = mine.scores[:1] - their.scores[1:], METRICS[score].counts
                step = max(np.max(one.step(counts)) for one in (mine, their))
                return self.with_choice(over_rows(differences, mine.unit, mine.split, step), by_name)
        rows, seeds = float(self.trials.test_rows.iloc[0]), self.trials.seed.nunique()
        return self.scattered(by_name, rows_counted(score, rows, self.test_to_train, seeds))

    def levels(self, score: str, arms: Iterable[str]) -> str:
        """Say the mean score of each of some losses, and its rate."""
        means = (f"{arm} {self.of(score, arm).mean():.3f} at rate {self.of('lr', arm)[0]:g}" for arm in arms)
        return ", ".join(means)

    def compared(
        self, score: str, arms: tuple[str, str], direction: Direction, study: Study, note: str = ""
    ) -> Contrast:
        """Return the contrast of two losses by a score, within the margin of the study.

        Args:
            score: name of a measure.
            arms: two losses that were trained, or one and the constant answer.
            direction: what is claimed of the first.
            study: where the margins are.
            note: what a reader must know besides.
        """
        margin, greater = study.margin(score), METRICS[score].greater_is_better
        facts = {"note": note} | self.contamination
        made = self.contrast(score, arms, self.spread_of(score, arms), direction, margin, greater, **facts)
        return replace(made, whole=(True, True)) if score == self.primary.name else made

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
        """Return a comparison of two arms, to be judged.

        A training that diverged counts against its arm; of anything but two losses nothing is decided then.

        Args:
            quantity: what is measured.
            arms: what is compared.
            differences: (seeds,) the first minus the second; or how they scatter.
            direction: what is claimed of the first.
            margin: the difference that is too small to matter; None where none is declared.
            greater_is_better: the direction of what is measured.
            losses: the losses that take part, where they are not the arms.
            note: what a reader must know besides.
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
        whole = (arms[0] not in gone, arms[1] not in gone) if pair else (True, True)
        spread = differences
        if isinstance(spread, np.ndarray):
            spread = over_seeds(spread.astype(np.float64), self.test_to_train)
        blurred = bool(gone) and not pair
        return Contrast(line, spread, direction, margin, greater_is_better, whole=whole, blurred=blurred)

    @property
    def contamination(self) -> dict[str, Any]:
        """How the training part was contaminated, as fields of the evidence; none where it was not."""
        dirty = self.trials[self.trials.outlier_fraction > 0]
        if dirty.empty:
            return {}
        return {"contamination": str(dirty.outlier_kind.iloc[0]), "shares": tuple(self.shares)}


def cells_of(protocol: str, tried: Tried) -> Iterator[Cell]:
    """Yield the trials of each data set."""
    choosing = {} if tried.choosing is None else dict(iter(tried.choosing.groupby("dataset", sort=False)))
    for dataset, mine in tried.trials.groupby("dataset", sort=False):
        yield Cell(protocol, mine, tried.contributed, choosing.get(dataset))
