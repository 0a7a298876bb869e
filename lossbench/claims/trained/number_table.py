"""A table of accuracy and F1: which loss is better, by how much, and measured scores beside the reported ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Direction, level
from lossbench.claims.design import Design, Found, by_score
from lossbench.claims.exact.forensics import common_share, f1_of_share, with_share
from lossbench.claims.registry import experiment
from lossbench.claims.search.conditions import Search, grid
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import Pairing, contrasts_of, pairings


@experiment("number_table")
def number_table(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    direction: Direction,
    datasets: tuple[str, ...],
    generator: str,
    search: Search,
) -> Design:
    """Train the arms under every protocol, also at the share of positives that their reported scores imply.

    arms: the first against each of the others, in all readings of their names. generator: a data set with the
    parameter `positives`, made at the implied share; above one half it is mirrored, so that its frequent class is
    the positive one. search: the grid of settings that `--explain` searches.
    """
    losses = [loss for arm in arms for loss in study.readings(arm, "binary")]
    Design(grid(study, losses, generator, search)).check(study)
    share = common_share(claim, arms).middle
    implied = with_share(generator, share)

    def found_in(pairing: Pairing, cell: Cell, name: str) -> Iterator[Found]:
        mirrored = cell.dataset == implied
        seen = cell.with_scores_changed(lambda trials: f1_of_share(trials, share)) if mirrored else cell
        yield from contrasts_of(pairing, seen, name, claim, study, direction)
        for loss in dict.fromkeys(chain(*pairing.pairs(seen))):
            line = Evidence("not testable", name, seen.protocol, seen.dataset, arms=(loss,))
            told = claim.reported.get((pairing.arms[loss], name))
            yield level(line, seen.scores.score_of(loss, name), seen.test_to_train, told, study.margin(name))

    trainings = []
    for pairing in pairings(study, arms, score, (*datasets, implied)):
        trainings += by_score(study, partial(found_in, pairing), score, **pairing.axes)
    return Design(trainings, lambda lines: [remark(line, implied, share) for line in lines])


def remark(line: Evidence, implied: str, share: float) -> Evidence:
    """Add a note to evidence from the data at the implied share; return other evidence unchanged."""
    if line.dataset != implied:
        return line
    seen = ", the frequent class taken as the positive one" if share > 0.5 else ""
    said = f"{share:.1%} positives, as the reported rows imply{seen}"
    return replace(line, positives=share, note=", ".join(filter(None, [line.note, said])))
