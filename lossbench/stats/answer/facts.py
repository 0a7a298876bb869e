"""The records of an answer: for one table, and for all tables of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lossbench.stats.groups import ComparisonGroup, Unit, View
from lossbench.stats.verdicts import APART
from lossbench.task import Task

Limit = Literal["", "one seed", "rows", "seeds", "tuning"]
"""What is lacking where not even 1024 seeds decide: a second seed, rows, far more seeds, or tuning seeds."""


@dataclass(frozen=True)
class Against:
    """The result of one loss against the reference.

    Args:
        loss: its spec.
        verdict: on it, from `lossbench.stats.verdicts`.
        difference: its mean score minus that of the reference; NaN where either has none.
        low: lower end of the interval; NaN where unknown.
        high: upper end, likewise.
        more_seeds: about how many more seeds would decide an open verdict; 0 where it is decided, None where no
            number would.
    """

    loss: str
    verdict: str
    difference: float
    low: float
    high: float
    more_seeds: int | None = 0


@dataclass(frozen=True)
class Unfinished:
    """A loss with trainings that did not end well, so that nothing in its favour counts.

    Args:
        loss: its spec.
        diverged: how many diverged.
        failed: how many failed.
        trainings: their total number.
    """

    loss: str
    diverged: int
    failed: int
    trainings: int

    @property
    def none(self) -> bool:
        """Whether no training ended well."""
        return self.diverged + self.failed == self.trainings


def unfinished(group: ComparisonGroup) -> tuple[Unfinished, ...]:
    """Return the losses with trainings that did not end well."""
    counts = (group.count("diverged"), group.count("failed"), group.trained().sum(axis=1))
    rows = zip(group.losses, *(one.tolist() for one in counts), strict=True)
    return tuple(Unfinished(*row) for row in rows if row[1] + row[2])


@dataclass(frozen=True)
class Contaminated:
    """The results after training on one contaminated share, by a test of its own.

    Args:
        kind: of contamination.
        share: of the training rows, larger than that of the table.
        reference: the mean score of the reference; NaN where it has none.
        others: loss, verdict and mean score of each other loss; a training that diverged has the constant's score.
        unfinished: the losses with trainings that did not end well there.
    """

    kind: str
    share: float
    reference: float
    others: tuple[tuple[str, str, float], ...]
    unfinished: tuple[Unfinished, ...] = ()

    def told(self, side: int) -> tuple[tuple[str, float], ...]:
        """Return the losses, with their scores, that are better (1) or worse (-1) than the reference there."""
        return tuple((loss, mean) for loss, verdict, mean in self.others if APART.get(verdict) == side)

    @property
    def apart(self) -> tuple[str, ...]:
        """The losses that are better or worse than the reference there."""
        return tuple(loss for side in (1, -1) for loss, _ in self.told(side))


@dataclass(frozen=True)
class TableAnswer:
    """The answer of the verdicts on one data set under one setting.

    Args:
        dataset: its name.
        task: its task.
        view: one rate for all, or each loss at its own.
        setting: what the losses share, by the names of `lossbench.schema.SETTING`; `outlier_fraction` and
            `outlier_kind` are the contaminated share and its kind for which the verdicts hold.
        score: the primary score.
        margin: the difference that is too small to matter; None where none is declared.
        reference: the first loss.
        unit: what counts as independent.
        units: their number.
        seeds: the number of repetitions.
        others: every other loss against the reference.
        best: the losses that ended well, and that no other beats by more than the margin: what can be recommended.
        beaten: each loss that others beat, within the margin too, with all of those.
        losers: the losses that another one beats by more than the margin.
        unfinished: the losses with trainings that did not end well.
        limit: what is lacking for the open verdicts that seeds do not decide.
        contaminated: the results at each larger contaminated share, ascending; empty where there is only one
            share.
        rates: the learning rate of each loss, where each has its own.
        disagree: loss, rate and verdict, where one rate for all leads to another verdict on it.
        unlearned: the mean score of the constant answer, where no loss is shown to do better; otherwise None.
    """

    dataset: str
    task: Task
    view: View
    setting: Mapping[str, Any] = field(repr=False)
    score: str
    margin: float | None
    reference: str
    unit: Unit
    units: int
    seeds: int
    others: tuple[Against, ...]
    best: tuple[str, ...]
    beaten: tuple[tuple[str, tuple[str, ...]], ...] = ()
    losers: tuple[str, ...] = ()
    unfinished: tuple[Unfinished, ...] = ()
    limit: Limit = ""
    contaminated: tuple[Contaminated, ...] = ()
    rates: tuple[tuple[str, float], ...] = ()
    disagree: tuple[tuple[str, float, str], ...] = ()
    unlearned: float | None = None

    def judged(self, *verdicts: str) -> tuple[Against, ...]:
        """Return the losses with one of these verdicts, in their order."""
        return tuple(one for one in self.others if one.verdict in verdicts)

    @property
    def open(self) -> tuple[Against, ...]:
        """The losses that are neither told from the reference nor shown to be equivalent."""
        return self.judged("inconclusive")

    @property
    def compared(self) -> bool:
        """Whether two losses ended well, or one is told from another anyway."""
        return bool(self.others) and (bool(self.beaten) or len(self.losses) - len(self.unfinished) > 1)

    @property
    def losses(self) -> tuple[str, ...]:
        """All losses, the reference first."""
        return (self.reference, *(one.loss for one in self.others))


@dataclass(frozen=True)
class Tally:
    """The results of one loss over the tables of its task.

    Args:
        task: the task.
        loss: its spec.
        tables: how many have the loss.
        best: in how many no other loss beats it by more than the margin.
        beaten: the data sets where one does.
    """

    task: Task
    loss: str
    tables: int
    best: int
    beaten: tuple[str, ...]


@dataclass(frozen=True)
class RunAnswer:
    """The answer of the verdicts over all tables of a run, counted; each table is corrected by itself.

    Args:
        tables: the answers that are counted, where rates were tuned those at own rates.
        tallies: one per task and loss.
    """

    tables: tuple[TableAnswer, ...]
    tallies: tuple[Tally, ...]

    @property
    def compared(self) -> tuple[TableAnswer, ...]:
        """The tables on which something is compared."""
        return tuple(one for one in self.tables if one.compared)

    @property
    def silent(self) -> tuple[TableAnswer, ...]:
        """The tables on which no two losses are told apart."""
        return tuple(one for one in self.compared if not one.beaten)

    def tasks(self) -> dict[Task, tuple[Tally, ...]]:
        """Return the tallies of each task in which something is compared."""
        names = dict.fromkeys(one.task for one in self.compared)
        return {task: tuple(one for one in self.tallies if one.task == task) for task in names}

    def recommended(self, task: Task) -> tuple[str, ...]:
        """Return the losses of a task that are on all its tables, and beaten on none by more than the margin."""
        tables = sum(one.task == task for one in self.compared)
        return tuple(one.loss for one in self.tasks().get(task, ()) if one.best == tables)
