"""Losses by penalties as a full grid, so that the effect of the one is told from the effect of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.protocols import Protocol
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell
from lossbench.claims.trained.contest import Bout, bouts
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.claims.trained.levels import level
from lossbench.errors import UnknownName
from lossbench.plan.experiment import TUNING_SEEDS
from lossbench.plan.settings import make_settings
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


def check_grid(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    strengths: tuple[float, ...],
    score: str = "accuracy",
) -> None:
    """Refuse a grid that cannot be trained.

    Raises:
        UsageError: a loss, penalty, data set, score or strength that does not exist or does not fit.
    """
    make_settings(l1=list(strengths))
    bouts(study, tuple(parse(arm).loss for arm in arms), (score,), datasets)


@experiment("loss_by_penalty", check=check_grid)
def loss_by_penalty(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    strengths: tuple[float, ...],
    score: str = "accuracy",
) -> list[Evidence]:
    """Train every loss under no penalty, L1 and L2, and compare two cells and what each of the two contributes.

    The strength of a penalty is chosen for each loss, on validation over seeds that are not reported, from the
    same grid. The main effect of the loss is the difference of the two losses, averaged over the penalties; that
    of the penalty is the difference of the two penalties, averaged over the losses.

    arms: two, each a loss and a penalty: none, l1 or l2. The first is claimed to be better.
    strengths: of a penalty, the weight of Σ|w| or Σw² in the cost.
    """
    named = [parse(arm) for arm in arms]
    margin, grids = study.terms.margins.get(score), []
    for bout in bouts(study, tuple(arm.loss for arm in named), (score,), datasets):
        for protocol in study.protocols:
            trials = at_chosen_strengths(*train(study, protocol, bout, strengths))
            for _, mine in trials.groupby("dataset", sort=False):
                grids += [(Grid(Cell(protocol.name, mine), score), bout)]
    matches = [
        match
        for grid, bout in grids
        for first, other in product(bout.first, bout.others)
        for match in grid.matches(Arm(first, named[0].penalty), Arm(other, named[1].penalty), margin)
    ]
    levels = [line for grid, bout in grids for line in levels_of(grid, bout, claim, margin)]
    return [*judge_all(matches), *levels]


def train(
    study: Study, protocol: Protocol, bout: Bout, strengths: tuple[float, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train every loss under every penalty and strength, on the reported seeds and on those that choose.

    Returns:
        The trials of the reported seeds, and the validation scores of the others; see `tuning_table`.
    """

    def trained(**axes: Any) -> Comparison:
        losses = {bout.task: bout.losses}
        return study.compare(protocol.name, bout.task, datasets=list(bout.datasets), losses=losses, **axes)

    held = range(study.seeds.stop, study.seeds.stop + TUNING_SEEDS)
    done, validated = [], []
    for l1, l2 in (([0.0, *strengths], [0.0]), ([0.0], list(strengths))):
        found = trained(l1=l1, l2=l2)
        done.append(found.trials)
        # Where rates are tuned, the seeds that choose them have been trained.
        tuned = found.tuning if protocol.tune else tuning_table(trained(l1=l1, l2=l2, seeds=list(held)).trials)
        validated.append(tuned)
    return pd.concat(done, ignore_index=True), pd.concat(validated, ignore_index=True)


def at_chosen_strengths(trials: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of each loss and penalty at the strength with the best validation score.

    Of equal ones, the smallest. A strength at which a training diverged is out of the running.
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
        """Return one column of an arm, by seed."""
        return self.under[arm.penalty].of(column, arm.loss)

    def diverged(self, arm: Arm) -> int:
        """Count the trainings of an arm that did."""
        return sum(self.under[arm.penalty].diverged([arm.loss]).values())

    def strength(self, arm: Arm) -> str:
        """Say which strength was chosen for an arm."""
        l1, l2, lr = (self.of(column, arm)[0] for column in ("l1", "l2", "lr"))
        return f"{arm} at {l1 + l2:g}, rate {lr:g}"

    def line(self, what: str, case: str, note: str = "") -> Evidence:
        """Return evidence without figures and verdict."""
        return Evidence("inconclusive", what, self.cell.protocol, self.cell.dataset, case, note=note)

    def matches(self, first: Arm, other: Arm, margin: float | None) -> Iterator[Match]:
        """Yield the comparison of two arms, and of all that differs in their loss, and in their penalty."""
        losses, score = (first.loss, other.loss), self.score
        kinds = {
            score: (f"{first} vs {other}", [(first, other)]),
            f"{score}, main effect of the loss": (
                f"{first.loss} vs {other.loss}",
                [(Arm(first.loss, penalty), Arm(other.loss, penalty)) for penalty in PENALTIES],
            ),
            f"{score}, main effect of the penalty": (
                f"{first.penalty} vs {other.penalty}, {first.loss} and {other.loss}",
                [(Arm(loss, first.penalty), Arm(loss, other.penalty)) for loss in losses],
            ),
        }
        for what, (case, pairs) in kinds.items():
            gone = {str(arm): count for arm in sum(pairs, ()) if (count := self.diverged(arm))}
            said = [f"{arm} diverged {count} times" for arm, count in gone.items()]
            said += [self.strength(arm) for arm in pairs[0]] if what == score else []
            yield Match(
                self.line(what, case, ", ".join(said)),
                np.mean([self.of(score, one) - self.of(score, two) for one, two in pairs], axis=0),
                self.cell.test_to_train,
                "better",
                margin,
                METRICS[score].greater_is_better,
                diverged=bool(gone),
            )


def levels_of(grid: Grid, bout: Bout, claim: Claim, margin: float | None) -> Iterator[Evidence]:
    """Yield the score of every cell of the grid, beside the reported one where there is one."""
    for loss, penalty in product(bout.losses, PENALTIES):
        arm, reported = Arm(loss, penalty), f"{bout.arms[loss]} {penalty} {grid.score}"
        line = grid.line(grid.score, str(arm))
        yield level(line, grid.of(grid.score, arm), grid.cell.test_to_train, claim.reported.get(reported), margin)
