"""Losses of samples under which a network learns to imitate a law, beside losses that are not made for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.design import Design, Found, as_sensitivity, under_each
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study

SCORE = "transport"
SAMPLE = 64  # rows a step: a loss of samples sees no more of the law at a time


@experiment("imitation")
def imitation(
    claim: Claim,
    study: Study,
    *,
    imitating: str,
    instead: tuple[str, ...],
    alike: tuple[str, ...],
    laws: tuple[str, ...],
) -> Design:
    """Compare generators by how far what they make has to be moved to become a held-out sample of the law.

    Reproduced where the loss leaves less to be moved than one that is not made for samples, each at its own rate.
    The distance is exact; rates are chosen by that along directions, which is cheap. Shown beside it are other
    losses that are made for samples: against those that are not, and whether the first one is worse than they are.

    imitating: the loss that the claim is about.
    instead: losses that are not made for it.
    alike: other losses that are.
    laws: what is imitated.
    """
    made = partial(of_law, imitating=imitating, instead=instead, alike=alike, study=study)
    axes = {"datasets": laws, "losses": [imitating, *instead, *alike], "batch_size": SAMPLE}
    return Design(under_each(study, made, **axes))


def of_law(
    cell: Cell, imitating: str, instead: tuple[str, ...], alike: tuple[str, ...], study: Study
) -> Iterator[Found]:
    """Yield the contrasts on one law: those that decide, and then those that are shown."""
    for other in instead:
        yield moved(cell, (imitating, other), "better", study)
    for pair in product(alike, instead):
        yield as_sensitivity(moved(cell, pair, "better", study))
    for other in alike:
        yield as_sensitivity(moved(cell, (imitating, other), "not worse", study))


def moved(cell: Cell, arms: tuple[str, str], direction: Direction, study: Study) -> Contrast:
    """Return the contrast of two losses by the distance that is left, which its note has for each."""
    return cell.compared(SCORE, arms, direction, study, cell.levels(SCORE, arms))
