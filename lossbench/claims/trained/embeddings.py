"""Embedding losses against a loss with a head: the same trunk and batches, scored by nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Direction, level
from lossbench.claims.design import Design, Found, as_sensitivity, under
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import Pairing, contrasts_of, pairings
from lossbench.metrics.gallery import COLLAPSED

EPOCHS = 40  # neither loss gains from more


@experiment("embeddings")
def embeddings(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    beside: tuple[str, ...],
    direction: Direction,
    datasets: tuple[str, ...],
    model: str,
) -> Design:
    """Train the arms on one trunk under the primary protocol, and compare them by nearest neighbours.

    Every loss has its own rate, chosen by the first score on validation, over seeds that are not reported. Other
    scores are shown as sensitivity, and the level of every claimed score.

    arms: the first against each of the others.
    score: the scores that the document reports.
    beside: scores that are only shown.
    model: a network whose last width is that of the embedding.
    """
    (pairing,) = pairings(study, arms, (*score, *beside), datasets)
    made = partial(found_in, pairing, claim=claim, study=study, scores=score, beside=beside, direction=direction)
    axes = {**pairing.axes, "models": [model], "epochs": EPOCHS, "score": [score[0]]}
    return Design([under(study.terms.primary, made, **axes)])


def found_in(
    pairing: Pairing,
    cell: Cell,
    claim: Claim,
    study: Study,
    scores: tuple[str, ...],
    beside: tuple[str, ...],
    direction: Direction,
) -> Iterator[Found]:
    """Yield the contrasts by the claimed scores and by the others, and the levels of the claimed ones."""
    for name in scores:
        yield from contrasts_of(pairing, cell, name, claim, study, direction)
    for name in beside:
        yield from map(as_sensitivity, contrasts_of(pairing, cell, name, claim, study, direction))
    for name in scores:
        for loss in pairing.losses:
            gone = int((cell.of("spread", loss) < COLLAPSED).sum())
            note = f"{gone} collapsed" if gone else ""
            line = Evidence("not testable", name, cell.protocol, cell.dataset, arms=(loss,), note=note)
            told = claim.reported.get((pairing.arms[loss], name))
            yield level(line, cell.of(name, loss), cell.test_to_train, told, study.margin(name))
