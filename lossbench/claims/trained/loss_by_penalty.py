"""Losses crossed with penalties in a full grid, which separates their effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, product

import numpy as np
import pandas as pd

from lossbench.claims.cell import Cell, cells_of
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast, level
from lossbench.claims.design import Design, Found, Training, as_sensitivity
from lossbench.claims.registry import experiment
from lossbench.claims.scores import Scores
from lossbench.claims.study import Protocol, Study
from lossbench.claims.trained.contest import Pairing, pairings
from lossbench.claims.trial_results import TrialResults
from lossbench.errors import UnknownName
from lossbench.schema import METRICS
from lossbench.stats.tuning import at_own_rate, tuning_table

PENALTIES = ("none", "l1", "l2")


def parse(text: str) -> tuple[str, str]:
    """Return the loss, by its name in the documents, and the penalty in a text.

    Raises:
        UnknownName: there is no such penalty.

    Example:
        >>> parse("bce l2")
        ('bce', 'l2')
    """
    loss, _, penalty = text.rpartition(" ")
    if penalty not in PENALTIES:
        raise UnknownName("penalty", penalty, PENALTIES, where=f"arm '{text}'")
    return loss, penalty


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
    """Train every loss under no penalty, L1 and L2, and compare two arms and the main effects of loss and penalty.

    The strength of a penalty is chosen for each loss, on validation over seeds that are not reported, from the
    same grid. The main effect of the loss is the difference of the two losses, averaged over the penalties; that
    of the penalty is the difference of the two penalties, averaged over the losses.

    arms: two arms, each a loss and a penalty: none, l1 or l2. The first is claimed to be better.
    strengths: the strengths of a penalty, its weight of Σ|w| or Σw² in the cost.
    """
    losses, penalties = zip(*map(parse, arms), strict=True)
    grids = [{"l1": [0.0, *strengths], "l2": [0.0]}, {"l1": [0.0], "l2": list(strengths)}]
    held = study.choosing_seeds(study.seeds)
    trainings = []
    for pairing, protocol in product(pairings(study, losses, (score,), datasets), study.protocols):
        runs = [pairing.axes | grid for grid in grids]
        # If rates are tuned, the tuning seeds are trained anyway.
        runs += [] if protocol.tune else [run | {"seeds": list(held)} for run in runs]
        made = partial(found_in, protocol=protocol, claim=claim, study=study, pairing=pairing, score=score)
        trainings.append(Training(protocol.name, runs, partial(made, penalties=penalties)))
    return Design(trainings)


def found_in(
    *comparisons: TrialResults,
    protocol: Protocol,
    claim: Claim,
    study: Study,
    pairing: Pairing,
    penalties: tuple[str, str],
    score: str,
) -> Iterator[Found]:
    """Yield the contrasts and the levels on each data set, every arm at its chosen strength.

    Args:
        comparisons: the results under L1 and under L2, followed by those on the tuning seeds, if they are
            separate.
        protocol: the protocol of the training.
        claim: has the reported scores.
        study: has the margins.
        pairing: the readings of the losses of both arms.
        penalties: the penalties of both arms.
        score: the metric.
    """
    chosen = [one.tuning if protocol.tune else tuning_table(one.trials) for one in comparisons[-2:]]
    trials = pd.concat([one.trials for one in comparisons[:2]], ignore_index=True)
    at_strength = at_chosen_strengths(trials, pd.concat(chosen, ignore_index=True))
    choosing = pd.concat([one.choosing if protocol.tune else one.trials for one in comparisons[-2:]])
    tried = TrialResults(at_strength, np.empty((0, 0)), choosing=by_arm(choosing.reset_index(drop=True)))
    for cell in cells_of(protocol.name, tried):
        both = [
            claim.reported.get((" ".join(arm), score)) for arm in zip(arms_of(pairing), penalties, strict=True)
        ]
        for losses in product(pairing.first, pairing.others):
            pair, *effects = contrasts_of(cell, losses, penalties, score, study.margin(score))
            yield from (pair, *map(as_sensitivity, effects))
            if all(both):
                yield pair.sized(*map(float, filter(None, both)))
        for loss, penalty in product(pairing.losses, PENALTIES):
            arm, told = f"{loss} {penalty}", claim.reported.get((f"{pairing.arms[loss]} {penalty}", score))
            line = Evidence("not testable", score, cell.protocol, cell.dataset, arms=(arm,))
            yield level(line, cell.of(score, arm), cell.test_to_train, told, study.margin(score))


def arms_of(pairing: Pairing) -> tuple[str, str]:
    """Return the names of the two losses in the document."""
    return pairing.arms[pairing.first[0]], pairing.arms[pairing.others[0]]


def at_chosen_strengths(trials: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of each arm, a loss with a penalty, at the strength with the best validation score.

    Ties go to the smallest strength. A strength at which a training diverged is excluded. The loss of a trial is
    named with its penalty, like an arm: "bce l2".
    """
    at_rate = tuning[tuning.chosen].sort_values(["l1", "l2"], kind="stable")
    worth = at_rate["mean"].where(at_rate.diverged == 0, -np.inf).fillna(-np.inf)
    best = worth.groupby([at_rate.dataset, at_rate.loss, penalty_of(at_rate)]).idxmax()
    chosen = at_own_rate(trials, at_rate.loc[best])
    return chosen.assign(loss=chosen.loss + " " + penalty_of(chosen))


def by_arm(choosing: pd.DataFrame) -> pd.DataFrame:
    """Return the tuning trials with the arm as their grid, and each strength as a member of it."""
    arms = choosing.loss + " " + penalty_of(choosing)
    return choosing.assign(grid=arms, loss=arms + " " + (choosing.l1 + choosing.l2).astype(str))


def penalty_of(table: pd.DataFrame) -> np.ndarray:
    """Return the name of the penalty of each row, (rows,)."""
    return np.select([table.l1 > 0, table.l2 > 0], ["l1", "l2"], "none")


def contrasts_of(
    cell: Cell, losses: tuple[str, str], penalties: tuple[str, str], score: str, margin: float | None
) -> Iterator[Contrast]:
    """Yield the contrast of two arms, and those of the main effects of their losses and of their penalties."""
    arms = tuple(map(" ".join, zip(losses, penalties, strict=True)))
    of_loss = [[f"{loss} {penalty}" for loss in losses] for penalty in PENALTIES]
    of_penalty = [[f"{loss} {penalty}" for penalty in penalties] for loss in losses]
    effect = f"{score}, main effect of the"
    for quantity, named, pairs, facts in (
        (score, arms, [arms], {"note": ", ".join(strength(cell, arm) for arm in arms)}),
        (f"{effect} loss", losses, of_loss, {}),
        (f"{effect} penalty", penalties, of_penalty, {"detail": " and ".join(losses)}),
    ):
        spread = cell.spread_of_difference(partial(mean_difference, score=score, pairs=pairs))
        greater, mine = METRICS[score].greater_is_better, set(chain(*pairs))
        yield cell.contrast(quantity, named, spread, "better", margin, greater, losses=mine, **facts)


def mean_difference(scores: Scores, score: str, pairs: Sequence[Sequence[str]]) -> np.ndarray:
    """Return the difference of the first and the second arm of some pairs, averaged over them: (..., seeds)."""
    return np.asarray(np.mean([scores.difference(score, (one, other)) for one, other in pairs], axis=0))


def strength(cell: Cell, arm: str) -> str:
    """State the chosen strength of the penalty of an arm, and its rate."""
    l1, l2, lr = (cell.of(column, arm)[0] for column in ("l1", "l2", "lr"))
    return f"{arm} at {l1 + l2:g}, rate {lr:g}"
