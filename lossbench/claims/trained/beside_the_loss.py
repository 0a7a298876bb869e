"""Whether accuracy alone tells what a loss does: losses of equal accuracy, by precision and recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, under_each
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_of
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study

SCORES = ("accuracy", "precision", "recall")
"""The first is the one that may hide a difference in the others."""


@experiment("beside_the_loss")
def beside_the_loss(claim: Claim, study: Study, *, arms: tuple[str, ...], datasets: tuple[str, ...]) -> Design:
    """Look for a loss as accurate as the first one, within the margin, and unlike it in precision or recall.

    Reproduced where there is one on some data set. All comparisons are corrected together.

    arms: the first against each of the others.
    datasets: all of one task.
    """
    return Design(
        under_each(study, partial(contrasts_of, study=study), datasets=datasets, losses=arms), by_protocol
    )


def contrasts_of(cell: Cell, study: Study) -> Iterator[Contrast]:
    """Yield the contrasts of every other loss with the first, score by score."""
    first, *others = cell.losses
    for loss in others:
        for score in SCORES:
            yield cell.compared(score, (loss, first), "equal", study)


def by_protocol(lines: list[Evidence]) -> list[Evidence]:
    """Return one line a protocol for all losses and data sets."""
    protocols = dict.fromkeys(line.protocol for line in lines)
    return [beside([line for line in lines if line.protocol == protocol]) for protocol in protocols]


def beside(lines: Sequence[Evidence]) -> Evidence:
    """Say whether precision or recall differs where accuracy does not; `lines` has all scores of each pair."""
    width = len(SCORES)
    pairs = [lines[start : start + width] for start in range(0, len(lines), width)]
    compared = [(accuracy, line) for accuracy, *rest in pairs for line in rest]
    showing = [
        line for accuracy, line in compared if accuracy.verdict == "reproduced" and line.verdict == "contradicted"
    ]
    return any_of(showing, [line for _, line in compared], "of equal accuracy differ")
