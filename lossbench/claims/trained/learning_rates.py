"""Accuracy over the learning rate: the reported rates compared in pairs, on a curve over many more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells_under
from lossbench.claims.trained.contest import bouts
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.claims.trained.levels import level
from lossbench.errors import ConfigError
from lossbench.plan.settings import make_settings
from lossbench.schema import METRICS


def check_rates(
    claim: Claim,
    study: Study,
    *,
    losses: tuple[str, ...],
    datasets: tuple[str, ...],
    lr: tuple[float, ...],
    score: str = "accuracy",
) -> None:
    """Refuse a curve that cannot be drawn, or that misses a reported rate.

    Raises:
        UsageError: a loss, data set, score or rate that does not exist, does not fit or is out of range.
    """
    make_settings(lr=list(lr))
    bouts(study, losses, (score,), datasets)
    for rate in reported_rates(claim, score):
        if rate not in lr:
            raise ConfigError(f"lr: the reported rate {rate:g} is not on the curve; add it")


def reported_rates(claim: Claim, score: str) -> dict[float, str]:
    """Return the score that the document reports at each rate, the best one first."""
    told = {name.removesuffix(f" {score}"): text for name, text in claim.reported.items() if name.endswith(score)}
    sign = -1 if METRICS[score].greater_is_better else 1
    return dict(
        sorted(((float(rate), text) for rate, text in told.items()), key=lambda pair: sign * float(pair[1]))
    )


@experiment("rates", check=check_rates)
def rates(
    claim: Claim,
    study: Study,
    *,
    losses: tuple[str, ...],
    datasets: tuple[str, ...],
    lr: tuple[float, ...],
    score: str = "accuracy",
) -> list[Evidence]:
    """Train each loss at many rates, and compare those that the document reports by the paired test.

    Of each two reported rates, the one with the better reported score must be the better one. Only protocols that
    fix the rate are tried. The score at every rate is shown beside the reported one.

    losses: each in all readings of its name.
    lr: the rates of the curve; the reported ones must be among them.
    """
    curves = list(train(study, losses, datasets, lr, score))
    told = reported_rates(claim, score)
    matches = [match for curve in curves for match in curve.matches(told, study.terms.margins.get(score))]
    points = [line for curve in curves for line in curve.levels(told, study.terms.margins.get(score))]
    return [*judge_all(matches), *points]


@dataclass(frozen=True)
class Curve:
    """One loss on one data set under one protocol, at every rate.

    Args:
        loss: which.
        score: the metric.
        points: the trials at each rate, ascending.
    """

    loss: str
    score: str
    points: Mapping[float, Cell]

    def at(self, rate: float) -> np.ndarray:
        """Return the score of each seed at a rate."""
        return self.points[rate].of(self.score, self.loss)

    def diverged(self, rate: float) -> int:
        """Count the trainings that did at a rate."""
        return sum(self.points[rate].diverged([self.loss]).values())

    def line(self, rate: float, case: str, note: str = "") -> Evidence:
        """Return evidence without figures and verdict."""
        cell = self.points[rate]
        return Evidence("inconclusive", self.score, cell.protocol, cell.dataset, f"{self.loss}: {case}", note=note)

    def matches(self, told: Mapping[float, str], margin: float | None) -> Iterator[Match]:
        """Yield each two of the reported rates, the one that is reported to be the better one first."""
        for better, worse in combinations(told, 2):
            gone = {rate: count for rate in (better, worse) if (count := self.diverged(rate))}
            said = ", ".join(f"rate {rate:g} diverged {count} times" for rate, count in gone.items())
            yield Match(
                self.line(better, f"rate {better:g} vs {worse:g}", said),
                self.at(better) - self.at(worse),
                self.points[better].test_to_train,
                "better",
                margin,
                METRICS[self.score].greater_is_better,
                diverged=bool(gone),
            )

    def levels(self, told: Mapping[float, str], margin: float | None) -> Iterator[Evidence]:
        """Yield the points of the curve, beside what is reported."""
        for rate, cell in self.points.items():
            line = self.line(rate, f"rate {rate:g}")
            yield level(line, self.at(rate), cell.test_to_train, told.get(rate), margin)


def train(
    study: Study, losses: tuple[str, ...], datasets: tuple[str, ...], lr: tuple[float, ...], score: str
) -> Iterator[Curve]:
    """Train the curves, protocol by protocol and task by task."""
    for protocol, bout in product(study.protocols, bouts(study, losses, (score,), datasets)):
        if not protocol.tune:
            axes = {"datasets": list(bout.datasets), "losses": {bout.task: bout.losses}, "lr": list(lr)}
            for cell in cells_under(study, protocol.name, bout.task, **axes):
                points = cell.by_rate()
                yield from (Curve(loss, score, points) for loss in cell.losses)
