"""Losses between samples, under which a network learns to imitate a law, beside losses not made for that."""

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
SAMPLE = 64  # rows per step: all that the loss sees of the law at a time


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
    """Compare generators by the transport distance of their samples to a held-out sample of the law.

    Reproduced if the loss leaves a smaller distance than one that is not made for samples, each at its own rate.
    The distance is exact; rates are chosen by the sliced distance, which is cheap. Other losses for samples are
    shown: against those that are not made for samples, and against the first one.

    imitating: the loss that the claim is about.
    instead: losses that are not made for samples.
    alike: other losses for samples.
    laws: the laws that are imitated.
    """
    made = partial(of_law, imitating=imitating, instead=instead, alike=alike, study=study)
    axes = {"datasets": laws, "losses": [imitating, *instead, *alike], "batch_size": SAMPLE}
    return Design(under_each(study, made, **axes))


def of_law(
    cell: Cell, imitating: str, instead: tuple[str, ...], alike: tuple[str, ...], study: Study
) -> Iterator[Found]:
    """Yield the contrasts on one law: those that decide, and then those that are shown."""
    for other in instead:
        yield transport_contrast(cell, (imitating, other), "better", study)
    for pair in product(alike, instead):
        yield as_sensitivity(transport_contrast(cell, pair, "better", study))
    for other in alike:
        yield as_sensitivity(transport_contrast(cell, (imitating, other), "not worse", study))


def transport_contrast(cell: Cell, arms: tuple[str, str], direction: Direction, study: Study) -> Contrast:
    """Return the contrast of two losses by the transport distance, with that of each in its note."""
    return cell.compared(SCORE, arms, direction, study, cell.levels(SCORE, arms))
