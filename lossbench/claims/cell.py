"""A cell: the trials of one data set under one protocol and one setting, and the comparisons made among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lossbench.claims.claim import Evidence
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.study import Study
from lossbench.schema import METRICS, OVERLAP, Metric
from lossbench.stats.groups import identities, rows_counted
from lossbench.stats.paired import SeedSpread, over_seeds, shared_rows
from lossbench.stats.row_scores import RowScores
from lossbench.stats.rows import RowSpread, over_rows

if TYPE_CHECKING:
    import pandas as pd

CONSTANT = "constant"
"""An arm that is no loss: the best constant answer, from a predictor that has learned nothing else."""


@dataclass(frozen=True, eq=False)
class Cell:
    """The trials of one data set.

    Args:
        protocol: name of the protocol.
        trials: a row each; of every loss the same seeds, in the same order.
        contributed: what the rows of tables contribute to the scores; None where that is not known.
    """

    protocol: str
    trials: pd.DataFrame = field(repr=False)
    contributed: RowScores | None = field(default=None, repr=False)

    @cached_property
    def dataset(self) -> str:
        """Spec of the data set."""
        return str(self.trials.dataset.iloc[0])

    @property
    def primary(self) -> Metric:
        """The score by which the data set is judged."""
        return METRICS[self.trials.score.iloc[0]]

    @cached_property
    def test_to_train(self) -> float:
        """How far seeds overlap, see `lossbench.stats.paired.shared_rows`."""
        return shared_rows(*self.trials[list(OVERLAP)].iloc[0])

    @cached_property
    def losses(self) -> list[str]:
        """The losses that were trained."""
        return list(dict.fromkeys(self.trials.loss.tolist()))

    @cached_property
    def shares(self) -> list[float]:
        """The contaminated shares, ascending."""
        return sorted(set(self.trials.outlier_fraction.tolist()))

    @cached_property
    def _places(self) -> dict[tuple[str, float], list[int]]:
        """Where the trials of a loss at a contaminated share stand, by seed."""
        places: dict[tuple[str, float], list[int]] = {}
        losses, shares = self.trials.loss.tolist(), self.trials.outlier_fraction.tolist()
        for place in np.argsort(self.trials.seed.to_numpy()).tolist():
            places.setdefault((losses[place], shares[place]), []).append(place)
        return places

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        return {}

    def of(self, column: str, loss: str, share: float | None = None) -> np.ndarray:
        """Return one column of a loss at a contaminated share, by default the smallest: (seeds,)."""
        if column not in self._columns:
            self._columns[column] = self.trials[column].to_numpy(dtype="float64", na_value=float("nan"))
        place = loss, self.shares[0] if share is None else share
        return np.asarray(self._columns[column][self._places[place]])

    def _in_file(self, loss: str) -> np.ndarray:
        """Return where what rows contribute knows the trials of a loss at the smallest share: (seeds,)."""
        assert self.contributed is not None  # asked for where it is
        mine = self.trials.iloc[self._places[loss, self.shares[0]]]
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

    def by_rate(self) -> dict[float, Cell]:
        """Return the trials at each learning rate, ascending."""
        rates = sorted(set(self.trials.lr.tolist()))
        return {rate: replace(self, trials=self.trials[self.trials.lr == rate]) for rate in rates}

    def ended_badly(self, loss: str, share: float | None = None) -> np.ndarray:
        """Return which trainings of a loss diverged, (seeds,); for the share see `of`."""
        place = loss, self.shares[0] if share is None else share
        return np.asarray((self.trials.status == "diverged").to_numpy()[self._places[place]])

    def score_of(self, arm: str, score: str) -> np.ndarray:
        """Return the score of a loss at the smallest contaminated share, or of the constant answer: (seeds,).

        A training that diverged has learnt nothing, and so has the score of the constant answer. That is known of
        the score by which the data set is judged; of any other it is undefined.
        """
        constant = self.of("constant_score", self.losses[0] if arm == CONSTANT else arm)
        if arm == CONSTANT:
            return constant
        found = self.of(score, arm)
        return np.where(self.ended_badly(arm), constant, found) if score == self.primary.name else found

    def spread_of(self, score: str, arms: tuple[str, str], other: str = "") -> SeedSpread | RowSpread:
        """Return how the first arm's score minus the second's scatters: over the rows of a table, where known.

        Trainings that diverged have no rows; where there are some, seeds are counted.

        Args:
            score: name of a measure.
            arms: two losses that were trained, or one and the constant answer.
            other: that of the second arm, where it is another one.
        """
        names = score, other or score
        if self.contributed and CONSTANT not in arms and not self.diverged(arms):
            scores = np.stack([self.of(name, arm) for name, arm in zip(names, arms, strict=True)])
            known = np.where(np.isnan(scores), -1, np.stack([self._in_file(arm) for arm in arms]))
            found = {name: self.contributed.contributions(known, name) for name in dict.fromkeys(names)}
            mine, their = (found[name] for name in names)
            if mine is not None and their is not None:
                differences, counts = mine.scores[:1] - their.scores[1:], METRICS[score].counts
                step = max(np.max(one.step(counts)) for one in (mine, their))
                return over_rows(differences, mine.unit, mine.split, step)
        differences = self.score_of(arms[0], score) - self.score_of(arms[1], names[1])
        rows = float(self.trials.test_rows.iloc[0])
        counted = rows_counted(score, rows, self.test_to_train, len(differences))
        return over_seeds(differences, self.test_to_train, counted)

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


def cells_of(protocol: str, trials: pd.DataFrame, contributed: RowScores | None = None) -> Iterator[Cell]:
    """Yield the trials of each data set."""
    for _, mine in trials.groupby("dataset", sort=False):
        yield Cell(protocol, mine, contributed)
