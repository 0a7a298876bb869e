"""Accuracy over the learning rate: the reported rates compared in pairs, on a curve over many more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations, product

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, Found, under
from lossbench.claims.evidence import Evidence
from lossbench.claims.levels import level
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import pairings
from lossbench.errors import ConfigError
from lossbench.schema import METRICS


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

    Of each two reported rates, the one with the better reported score must be the better one. Only protocols that
    fix the rate are tried. The score at every rate is shown beside the reported one.

    losses: each in all readings of its name.
    lr: the rates of the curve; the reported ones must be among them.
    """
    pairs = pairings(study, losses, (score,), datasets)
    told = reported_rates(claim, score)
    for rate in told:
        if rate not in lr:
            raise ConfigError(f"lr: the reported rate {rate:g} is not on the curve; add it")
    fixed = [protocol.name for protocol in study.protocols if not protocol.tune]
    made = partial(found_in, told=told, score=score, margin=study.margin(score))
    return Design([under(name, made, **one.axes, lr=list(lr)) for name, one in product(fixed, pairs)])


def reported_rates(claim: Claim, score: str) -> dict[float, str]:
    """Return the score that the document reports at each rate, the best one first."""
    told = {name.removesuffix(f" {score}"): text for name, text in claim.reported.items() if name.endswith(score)}
    sign = -1 if METRICS[score].greater_is_better else 1
    return dict(
        sorted(((float(rate), text) for rate, text in told.items()), key=lambda pair: sign * float(pair[1]))
    )


def found_in(cell: Cell, told: Mapping[float, str], score: str, margin: float | None) -> Iterator[Found]:
    """Yield the contrasts of the reported rates, and the points of the curve, of each loss on one data set.

    Args:
        cell: trials at every rate of the curve.
        told: the reported score at each reported rate, the best one first.
        score: the measure.
        margin: the difference that is too small to matter; None where none is declared.
    """
    points = cell.by_rate()
    for loss in cell.losses:
        for better, worse in combinations(told, 2):
            yield contrast_of(loss, {rate: points[rate] for rate in (better, worse)}, score, margin)
        for rate, at in points.items():
            line = line_of(loss, at, score, rate)
            yield level(line, at.of(score, loss), at.test_to_train, told.get(rate), margin)


def line_of(loss: str, cell: Cell, score: str, *rates: float) -> Evidence:
    """Return evidence on a loss at one rate or two, without figures and verdict."""
    return Evidence("inconclusive", score, cell.protocol, cell.dataset, arms=(loss,), rates=rates, by_rate=True)


def contrast_of(loss: str, points: Mapping[float, Cell], score: str, margin: float | None) -> Contrast:
    """Return the contrast of a loss at one rate with itself at another."""
    first, second = points.values()
    gone = {rate: sum(at.diverged([loss]).values()) for rate, at in points.items()}
    note = ", ".join(f"rate {rate:g} diverged {count} times" for rate, count in gone.items() if count)
    line = replace(line_of(loss, first, score, *points), diverged=sum(gone.values()), note=note)
    differences, greater = first.of(score, loss) - second.of(score, loss), METRICS[score].greater_is_better
    return Contrast(line, differences, first.test_to_train, "better", margin, greater)
