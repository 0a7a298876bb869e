"""Losses by penalties as a full grid, so that the effect of the one is told from the effect of the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.claims.cell import Cell, cells_of
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, Found, Training
from lossbench.claims.evidence import Evidence
from lossbench.claims.levels import level
from lossbench.claims.protocols import Protocol
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import Pairing, pairings
from lossbench.errors import UnknownName
from lossbench.plan.experiment import TUNING_SEEDS
from lossbench.schema import METRICS
from lossbench.stats.tuning import at_own_rate, tuning_table

if TYPE_CHECKING:
    from lossbench.results.comparison import Comparison

PENALTIES = ("none", "l1", "l2")


@dataclass(frozen=True)
class Arm:
    """A loss with a penalty; for a name of the documents, one of its readings."""

    loss: str
    penalty: str

    def __str__(self) -> str:
        return f"{self.loss} {self.penalty}"


def parse(text: str) -> Arm:
    """Return the arm that a text names.

    Raises:
        UnknownName: no such penalty.

    Example:
        >>> parse("bce l2")
        Arm(loss='bce', penalty='l2')
    """
    loss, _, penalty = text.rpartition(" ")
    if penalty not in PENALTIES:
        raise UnknownName("penalty", penalty, PENALTIES, where=f"arm '{text}'")
    return Arm(loss, penalty)


@experiment("loss_by_penalty")
def loss_by_penalty(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    strengths: tuple[float, ...],
    score: str = "accuracy",
) -> Design:
    """Train every loss under no penalty, L1 and L2, and compare two cells and what each of the two contributes.

    The strength of a penalty is chosen for each loss, on validation over seeds that are not reported, from the
    same grid. The main effect of the loss is the difference of the two losses, averaged over the penalties; that
    of the penalty is the difference of the two penalties, averaged over the losses.

    arms: two, each a loss and a penalty: none, l1 or l2. The first is claimed to be better.
    strengths: of a penalty, the weight of Σ|w| or Σw² in the cost.
    """
    named = [parse(arm) for arm in arms]
    grids = [{"l1": [0.0, *strengths], "l2": [0.0]}, {"l1": [0.0], "l2": list(strengths)}]
    held = range(study.seeds.stop, study.seeds.stop + TUNING_SEEDS)
    trainings = []
    for pairing in pairings(study, tuple(arm.loss for arm in named), (score,), datasets):
        for protocol in study.protocols:
            runs = [pairing.axes | grid for grid in grids]
            # Where rates are tuned, the seeds that choose them are trained anyway.
            runs += [] if protocol.tune else [run | {"seeds": list(held)} for run in runs]
            made = partial(found_in, protocol=protocol, pairing=pairing, named=named, score=score)
            trainings.append(Training(protocol.name, runs, partial(made, claim=claim, margin=study.margin(score))))
    return Design(trainings)


def found_in(
    *comparisons: Comparison,
    protocol: Protocol,
    pairing: Pairing,
    named: Sequence[Arm],
    score: str,
    claim: Claim,
    margin: float | None,
) -> Iterator[Found]:
    """Yield the contrasts and the levels on each data set, every arm at its chosen strength.

    Args:
        comparisons: under L1 and under L2; then likewise on the seeds that choose, unless those tune rates too.
        protocol: under which they were trained.
        pairing: the readings of the losses of both arms.
        named: the two arms.
        score: the measure.
        claim: has the reported scores.
        margin: the difference that is too small to matter; None where none is declared.
    """
    chosen = [one.tuning if protocol.tune else tuning_table(one.trials) for one in comparisons[-2:]]
    trials = pd.concat([one.trials for one in comparisons[:2]], ignore_index=True)
    at_best = at_chosen_strengths(trials, pd.concat(chosen, ignore_index=True))
    first, other = named
    for cell in cells_of(protocol.name, at_best):
        grid = Grid(cell, score)
        for one, two in product(pairing.first, pairing.others):
            yield from grid.contrasts(Arm(one, first.penalty), Arm(two, other.penalty), margin)
        yield from levels_of(grid, pairing, claim, margin)


def at_chosen_strengths(trials: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of each loss and penalty at the strength with the best validation score.

    Ties go to the smallest strength. A strength at which a training diverged is out of the running.
    """
    at_rate = tuning[tuning.chosen].sort_values(["l1", "l2"], kind="stable")
    worth = at_rate["mean"].where(at_rate.diverged == 0, -np.inf).fillna(-np.inf)
    best = worth.groupby([at_rate.dataset, at_rate.loss, penalty_of(at_rate)]).idxmax()
    chosen = at_own_rate(trials, at_rate.loc[best])
    return chosen.assign(penalty=penalty_of(chosen))


def penalty_of(table: pd.DataFrame) -> np.ndarray:
    """Return the name of the penalty of each row."""
    return np.select([table.l1 > 0, table.l2 > 0], ["l1", "l2"], "none")


@dataclass(frozen=True, eq=False)
class Grid:
    """All losses under all penalties, on one data set under one protocol.

    Args:
        cell: the trials, each arm at its chosen strength.
        score: the metric.
    """

    cell: Cell
    score: str

    @cached_property
    def under(self) -> dict[str, Cell]:
        """The trials of all losses under each penalty."""
        groups = self.cell.trials.groupby("penalty")
        return {str(penalty): Cell(self.cell.protocol, mine) for penalty, mine in groups}

    def of(self, column: str, arm: Arm) -> np.ndarray:
        """Return one column of an arm: (seeds,)."""
        return self.under[arm.penalty].of(column, arm.loss)

    def diverged(self, arm: Arm) -> int:
        """Count the trainings of an arm that did."""
        return sum(self.under[arm.penalty].diverged([arm.loss]).values())

    def strength(self, arm: Arm) -> str:
        """Say which strength was chosen for an arm."""
        l1, l2, lr = (self.of(column, arm)[0] for column in ("l1", "l2", "lr"))
        return f"{arm} at {l1 + l2:g}, rate {lr:g}"

    def line(self, quantity: str, *arms: str, **facts: Any) -> Evidence:
        """Return evidence without figures and verdict."""
        return Evidence("inconclusive", quantity, self.cell.protocol, self.cell.dataset, arms=arms, **facts)

    def contrasts(self, first: Arm, other: Arm, margin: float | None) -> Iterator[Contrast]:
        """Yield the contrast of two arms, and of all that differs in their loss, and in their penalty."""
        losses, penalties = (first.loss, other.loss), (first.penalty, other.penalty)
        of_loss = [(Arm(losses[0], penalty), Arm(losses[1], penalty)) for penalty in PENALTIES]
        of_penalty = [(Arm(loss, penalties[0]), Arm(loss, penalties[1])) for loss in losses]
        said, effect = ", ".join(map(self.strength, (first, other))), f"{self.score}, main effect of the"
        yield self.contrast(self.line(self.score, str(first), str(other), note=said), [(first, other)], margin)
        yield self.contrast(self.line(f"{effect} loss", *losses), of_loss, margin)
        alike = " and ".join(losses)
        yield self.contrast(self.line(f"{effect} penalty", *penalties, detail=alike), of_penalty, margin)

    def contrast(self, line: Evidence, pairs: Sequence[tuple[Arm, Arm]], margin: float | None) -> Contrast:
        """Return the contrast of pairs of arms, averaged over the pairs."""
        gone = {arm: count for pair in pairs for arm in pair if (count := self.diverged(arm))}
        said = [*(f"{arm} diverged {count} times" for arm, count in gone.items()), line.note]
        return Contrast(
            replace(line, diverged=sum(gone.values()), note=", ".join(filter(None, said))),
            np.mean([self.of(self.score, one) - self.of(self.score, two) for one, two in pairs], axis=0),
            self.cell.test_to_train,
            "better",
            margin,
            METRICS[self.score].greater_is_better,
        )


def levels_of(grid: Grid, pairing: Pairing, claim: Claim, margin: float | None) -> Iterator[Evidence]:
    """Yield the score of every cell of the grid, beside the reported one where there is one."""
    for loss, penalty in product(pairing.losses, PENALTIES):
        arm, reported = Arm(loss, penalty), f"{pairing.arms[loss]} {penalty} {grid.score}"
        line = grid.line(grid.score, str(arm))
        yield level(line, grid.of(grid.score, arm), grid.cell.test_to_train, claim.reported.get(reported), margin)
