"""Losses that should be equal: by all scores if accuracy is equal, and custom losses beside built-in ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from lossbench.claims.among import any_of
from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, under_each
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.grouped import grouped

SCORES = ("accuracy", "precision", "recall")
"""The first score may hide a difference in the others."""


@experiment("beside_the_loss")
def beside_the_loss(claim: Claim, study: Study, *, arms: tuple[str, ...], datasets: tuple[str, ...]) -> Design:
    """Look for a loss as accurate as the first one, within the margin, and unlike it in precision or recall.

    Reproduced if there is one on some data set. All comparisons are corrected together.

    arms: the first against each of the others.
    datasets: all of one task.
    """
    return Design(
        under_each(study, partial(contrasts_of, study=study), datasets=datasets, losses=arms), by_dataset
    )


def contrasts_of(cell: Cell, study: Study) -> Iterator[Contrast]:
    """Yield the contrasts of every other loss with the first, score by score."""
    first, *others = cell.losses
    for loss in others:
        for score in SCORES:
            yield cell.compared(score, (loss, first), "equal", study)


def by_dataset(lines: list[Evidence]) -> list[Evidence]:
    """Return one line per protocol and data set for all losses."""
    return [beside(mine) for mine in grouped(lines, lambda line: (line.protocol, line.dataset)).values()]


def beside(lines: Sequence[Evidence]) -> Evidence:
    """Return whether precision or recall differs if accuracy does not; `lines` has all scores of each pair."""
    width = len(SCORES)
    pairs = [lines[start : start + width] for start in range(0, len(lines), width)]
    compared = [(accuracy, line) for accuracy, *rest in pairs for line in rest]
    showing = [
        line for accuracy, line in compared if accuracy.verdict == "reproduced" and line.verdict == "contradicted"
    ]
    return any_of(showing, [line for _, line in compared], "of equal accuracy differ")


FILE = Path(__file__).with_name("my_losses.py")
"""A file of losses that a user might write."""

PAIRS = (("squared_error", "mse", "diabetes"), ("cross_entropy:@gets=probability", "bce", "breast_cancer"))
"""A user's function, the built-in loss that it equals, and a data set."""


@experiment("custom_loss")
def custom_loss(claim: Claim, study: Study) -> Design:
    """Train losses from a user's file, beside the built-in losses that they equal.

    Reproduced if the scores agree within the margin: custom losses are trained like built-in ones.
    """
    trainings = []
    for function, built_in, dataset in PAIRS:
        losses = [f"{FILE}:{function}:@label=my {built_in}", built_in]
        trainings += under_each(
            study, partial(beside_the_built_in, study=study), datasets=[dataset], losses=losses
        )
    return Design(trainings)


def beside_the_built_in(cell: Cell, study: Study) -> Iterator[Contrast]:
    """Yield the contrast of the user's loss with the built-in one, by the primary score."""
    score, (own, built_in) = cell.primary.name, cell.losses
    largest = abs(cell.of(score, own) - cell.of(score, built_in)).max()
    yield cell.compared(score, (own, built_in), "equal", study, f"largest difference of a seed {largest:.1g}")
