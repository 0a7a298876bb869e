"""Epochs until a target that no contender sets, over several rates.

The target is that of `epochs_to_target`: 95 % of the way from a constant predictor to a linear model on the same
split. A run that never gets there is censored at the last epoch, and its loss is compared by the mean of the times
within the run; see `lossbench.stats.survival`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Any

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells_under
from lossbench.claims.trained.contest import bouts, readings
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.claims.trained.levels import level
from lossbench.plan.settings import make_settings
from lossbench.stats.survival import restricted_times
from lossbench.task import Task

EPOCHS = "epochs_to_target"


def check_convergence(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    factors: tuple[float, ...] = (1.0,),
) -> None:
    """Refuse a race that cannot be run.

    Raises:
        UsageError: a loss, data set or rate that does not exist, does not fit or is out of range.
    """
    make_settings(lr=list(factors))
    bouts(study, arms, (), datasets)


@experiment("convergence", check=check_convergence)
def convergence(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    factors: tuple[float, ...] = (1.0,),
) -> list[Evidence]:
    """Count the epochs that each loss takes to a common target, at several rates, and compare them in pairs.

    A loss for two classes and one for many can be compared where both serve the task: cross-entropy as a softmax
    of two classes beside the sigmoid, and as a softmax of many beside one sigmoid a class.

    arms: the fastest first, as is claimed; each in all readings of its name.
    factors: by which the rate of a protocol is multiplied; a protocol that tunes the rate has its own.
    """
    races = list(train(study, arms, datasets, factors))
    matches = [match for race in races for match in race.matches(arms, study)]
    return [*judge_all(matches), *(line for race in races for line in race.levels(arms, claim, study))]


def train(
    study: Study, arms: tuple[str, ...], datasets: tuple[str, ...], factors: tuple[float, ...]
) -> Iterator[Race]:
    """Train the losses, protocol by protocol and task by task, and yield them rate by rate."""
    for protocol, bout in product(study.protocols, bouts(study, arms, (), datasets)):
        axes: dict[str, Any] = {"datasets": list(bout.datasets), "losses": {bout.task: bout.losses}}
        if not protocol.tune:
            axes["lr"] = [rate * factor for rate in protocol.lr[bout.task] for factor in factors]
        for cell in cells_under(study, protocol.name, bout.task, **axes):
            if protocol.tune:
                yield Race(cell, bout.task)
            else:
                yield from (Race(at, bout.task, rate) for rate, at in cell.by_rate().items())


@dataclass(frozen=True, eq=False)
class Race:
    """All losses on one data set under one protocol, at one rate or each at its own.

    Args:
        cell: their trials.
        task: of the data set.
        rate: at which they were trained; None where each has its own.
    """

    cell: Cell
    task: Task
    rate: float | None = None

    def epochs(self, loss: str) -> np.ndarray:
        """Return how long each seed took within the run; NaN where there was nothing to reach."""
        times, reached, run = (self.cell.of(column, loss) for column in (EPOCHS, "converged", "epochs"))
        return restricted_times(times, reached, float(run[0]))

    def reached(self, loss: str) -> int:
        """Count the seeds that got there."""
        return int(np.nansum(self.cell.of("converged", loss)))

    def line(self, *losses: str) -> Evidence:
        """Return evidence on one loss or two, without figures and verdict."""
        case = " vs ".join(losses) + ("" if self.rate is None else f" at rate {self.rate:g}")
        note = ", ".join(chain.from_iterable(map(self.remarks, losses)))
        return Evidence("inconclusive", EPOCHS, self.cell.protocol, self.cell.dataset, case, note=note)

    def remarks(self, loss: str) -> Iterator[str]:
        """Yield what a reader must know of a loss: runs that did not get there, or that diverged."""
        there, runs = self.reached(loss), len(self.cell.of("seed", loss))
        if there < runs:
            yield f"{loss} got there in {there} of {runs} runs"
        for gone in self.cell.diverged([loss]).values():
            yield f"{loss} diverged {gone} times"

    def matches(self, arms: tuple[str, ...], study: Study) -> Iterator[Match]:
        """Yield each two arms, the one that is claimed to be the faster one first, in all readings."""
        for faster, slower in combinations(arms, 2):
            for first, other in product(*(readings(arm, self.task, study) for arm in (faster, slower))):
                yield self.match(first, other, study.terms.margins.get(EPOCHS))

    def match(self, first: str, other: str, margin: float | None) -> Match:
        """Return the comparison of two losses; undefined where neither ever got there, which is no tie."""
        differences = self.epochs(first) - self.epochs(other)
        return Match(
            self.line(first, other),
            differences if self.reached(first) or self.reached(other) else np.full_like(differences, np.nan),
            self.cell.test_to_train,
            "better",
            margin,
            greater_is_better=False,
            diverged=bool(self.cell.diverged((first, other))),
        )

    def levels(self, arms: tuple[str, ...], claim: Claim, study: Study) -> Iterator[Evidence]:
        """Yield the mean epochs of each loss within the run, beside the reported ones."""
        for arm in arms:
            for loss in readings(arm, self.task, study):
                found = claim.reported.get(f"{arm} epochs")
                margin = study.terms.margins.get(EPOCHS)
                yield level(self.line(loss), self.epochs(loss), self.cell.test_to_train, found, margin)
