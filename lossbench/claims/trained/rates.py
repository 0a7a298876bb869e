"""Losses at several rates: their scores, and the epochs to a target that is independent of the losses.

The target is that of `epochs_to_target`: 95 % of the way from a constant predictor to a linear model on the same
split. A run that never reaches it is censored at the last epoch, and losses are compared by restricted mean times;
see `lossbench.stats.survival`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, combinations, product
from typing import Any

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast, level
from lossbench.claims.design import Design, Found, under
from lossbench.claims.registry import experiment
from lossbench.claims.scores import Scores
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import pairings
from lossbench.errors import ConfigError
from lossbench.schema import METRICS
from lossbench.stats.paired import over_seeds
from lossbench.stats.survival import restricted_times
from lossbench.task import Task


@experiment("rates")
def rates(
    claim: Claim,
    study: Study,
    *,
    losses: tuple[str, ...],
    datasets: tuple[str, ...],
    lr: tuple[float, ...],
    score: str = "accuracy",
) -> Design:
    """Train each loss at many rates, and compare those that the document reports by the paired test.

    Of any two reported rates, the one with the better reported score must be better. Only protocols with a fixed
    rate are tried. The score at every rate is shown beside the reported one.

    losses: the losses, each in all readings of its name.
    lr: the rates of the curve; the reported ones must be among them.
    """
    pairs = pairings(study, losses, (score,), datasets)
    told = reported_rates(claim, score)
    for rate in told:
        if rate not in lr:
            raise ConfigError(f"lr: the reported rate {rate:g} is not on the curve; add it")
    fixed = [protocol.name for protocol in study.fixed]
    made = partial(found_in, told=told, score=score, margin=study.margin(score))
    return Design([under(name, made, **one.axes, lr=list(lr)) for name, one in product(fixed, pairs)])


def reported_rates(claim: Claim, score: str) -> dict[float, str]:
    """Return the score that the document reports at each rate, the best one first."""
    told = {float(rate): text for (rate, column), text in claim.reported.items() if column == score}
    best_first = sorted(told, key=lambda rate: float(told[rate]), reverse=METRICS[score].greater_is_better)
    return {rate: told[rate] for rate in best_first}


def found_in(cell: Cell, told: Mapping[float, str], score: str, margin: float | None) -> Iterator[Found]:
    """Yield the contrasts of the reported rates, the best one first, and all levels, for each loss."""
    points = cell.by_rate()
    for loss in cell.losses:
        for better, worse in combinations(told, 2):
            found = contrast_of(loss, {rate: points[rate] for rate in (better, worse)}, score, margin)
            yield from (found, found.sized(float(told[better]), float(told[worse])))
        for rate, at in points.items():
            line = line_of(loss, at, score, rate)
            yield level(line, at.of(score, loss), at.test_to_train, told.get(rate), margin)


def line_of(loss: str, cell: Cell, score: str, *rates: float) -> Evidence:
    """Return a line on a loss at one rate or two, without figures and verdict."""
    return Evidence("inconclusive", score, cell.protocol, cell.dataset, arms=(loss,), rates=rates, by_rate=True)


def contrast_of(loss: str, points: Mapping[float, Cell], score: str, margin: float | None) -> Contrast:
    """Return the contrast of a loss at one rate with itself at another."""
    first, second = points.values()
    gone = {rate: sum(at.diverged([loss]).values()) for rate, at in points.items()}
    note = ", ".join(f"rate {rate:g} diverged {count} times" for rate, count in gone.items() if count)
    line = replace(line_of(loss, first, score, *points), diverged=sum(gone.values()), note=note)
    at_first, at_second = (one.scores.score_of(loss, score) for one in (first, second))
    spread = over_seeds(at_first - at_second, first.test_to_train)
    return Contrast(line, spread, "better", margin, METRICS[score].greater_is_better)


EPOCHS = "epochs_to_target"


@experiment("convergence")
def convergence(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    factors: tuple[float, ...] = (1.0,),
) -> Design:
    """Count the epochs that each loss takes to a common target, at several rates, and compare them in pairs.

    A loss for two classes and one for many can be compared if both serve the task: cross-entropy as a softmax of
    two classes beside the sigmoid, and as a softmax of many beside one sigmoid per class.

    arms: the fastest first, as claimed; each in all readings of its name.
    factors: factors of a protocol's rate; a protocol that tunes the rate does not use them.
    """
    trainings = []
    for protocol, pairing in product(study.protocols, pairings(study, arms, (), datasets)):
        task = pairing.task
        rates = [rate * factor for rate in protocol.lr[task] for factor in factors]
        axes: dict[str, Any] = pairing.axes if protocol.tune else pairing.axes | {"lr": rates}
        made = partial(times_in, tuned=protocol.tune, task=task, arms=arms, claim=claim, study=study)
        trainings.append(under(protocol.name, made, **axes))
    return Design(trainings)


def times_in(
    cell: Cell, tuned: bool, task: Task, arms: tuple[str, ...], claim: Claim, study: Study
) -> Iterator[Found]:
    """Yield the results on one data set, at each rate, or with each loss at its own rate."""
    readings = {arm: study.readings(arm, task) for arm in arms}
    rates: list[tuple[float | None, Cell]] = [(None, cell)] if tuned else list(cell.by_rate().items())
    for rate, at in rates:
        times = Times(at, rate, study.margin(EPOCHS))
        yield from times.contrasts(readings, claim)
        yield from times.levels(readings, claim)


def epochs_of(scores: Scores, loss: str) -> np.ndarray:
    """Return the epochs that each seed took, at most the length of the run: (..., seeds), NaN without a target.

    A training that diverged never reached the target.
    """
    times, reached, run = (scores.of(column, loss) for column in (EPOCHS, "converged", "epochs"))
    found = restricted_times(times, reached, float(run.flat[0]))
    return np.where(scores.diverged(loss), run, found)


@dataclass(frozen=True, eq=False)
class Times:
    """The epochs that all losses took on one data set under one protocol."""

    cell: Cell
    rate: float | None
    margin: float | None

    def reached(self, loss: str) -> int:
        """Count the seeds that reached the target."""
        return int(np.nansum(self.cell.of("converged", loss)))

    def line(self, *losses: str) -> Evidence:
        """Return a line on one loss or two, without figures and verdict."""
        return Evidence(
            "inconclusive",
            EPOCHS,
            self.cell.protocol,
            self.cell.dataset,
            arms=losses,
            rates=() if self.rate is None else (self.rate,),
            diverged=sum(self.cell.diverged(losses).values()),
            note=", ".join(chain.from_iterable(map(self.remarks, losses))),
        )

    def remarks(self, loss: str) -> Iterator[str]:
        """Yield remarks on a loss: runs that did not reach the target, or that diverged."""
        there, runs = self.reached(loss), len(self.cell.of("seed", loss))
        if there < runs:
            yield f"{loss} got there in {there} of {runs} runs"
        for gone in self.cell.diverged([loss]).values():
            yield f"{loss} diverged {gone} times"

    def contrasts(self, readings: dict[str, tuple[str, ...]], claim: Claim) -> Iterator[Contrast]:
        """Yield the contrasts of any two arms, the one that is claimed to be faster first, in all readings."""
        for arms in combinations(readings, 2):
            told = [float(claim.reported[arm, "epochs"]) for arm in arms if (arm, "epochs") in claim.reported]
            for pair in product(*(readings[arm] for arm in arms)):
                found = self.contrast(*pair)
                yield found
                if len(told) == len(arms):
                    yield found.sized(*told)

    def contrast(self, first: str, other: str) -> Contrast:
        """Return the contrast of two losses; undefined if neither ever reached the target, which is no tie."""
        spread = self.cell.spread_between((first, other), epochs_of)
        if not self.reached(first) and not self.reached(other):
            spread = over_seeds(np.full(len(self.cell.of("seed", first)), np.nan), self.cell.test_to_train)
        return Contrast(self.line(first, other), spread, "better", self.margin, greater_is_better=False)

    def levels(self, readings: dict[str, tuple[str, ...]], claim: Claim) -> Iterator[Evidence]:
        """Yield the mean epochs of each loss, beside the reported ones."""
        for arm, losses in readings.items():
            for loss in losses:
                told = claim.reported.get((arm, "epochs"))
                yield level(
                    self.line(loss), epochs_of(self.cell.scores, loss), self.cell.test_to_train, told, self.margin
                )
