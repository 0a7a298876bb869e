"""A loss that a user writes into a file, trained beside the built-in loss that it is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, under_each
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study

FILE = Path(__file__).with_name("my_losses.py")
"""What a user might write. It never moves: the name of a loss, and so its stored trainings, go by it."""

PAIRS = (
    ("squared_error", "mse", "diabetes"),
    ("cross_entropy:@gets=probability", "bce", "breast_cancer"),
)
"""A function of the user's, the built-in loss that it is, and a data set."""


@experiment("custom_loss")
def custom_loss(claim: Claim, study: Study) -> Design:
    """Train losses from a file of the user's, beside the built-in losses that they are.

    Reproduced where the scores agree within the margin: what users write is trained as what lossbench has.
    """
    trainings = []
    for function, built_in, dataset in PAIRS:
        losses = [f"{FILE}:{function}:@label=my {built_in}", built_in]
        trainings += under_each(study, partial(contrasts_of, study=study), datasets=[dataset], losses=losses)
    return Design(trainings)


def contrasts_of(cell: Cell, study: Study) -> Iterator[Contrast]:
    """Yield the contrast of the user's loss with the built-in one, by the primary score."""
    score, (own, built_in) = cell.primary.name, cell.losses
    largest = abs(cell.of(score, own) - cell.of(score, built_in)).max()
    yield cell.compared(score, (own, built_in), "equal", study, f"largest difference of a seed {largest:.1g}")
