"""Losses that do not match the problem, against those that do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, Training, under_each
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import Pairing, contrasts_of, obstacle
from lossbench.data import Dataset, load_dataset
from lossbench.errors import LossDoesNotFit
from lossbench.task import Task


@dataclass(frozen=True)
class Mismatch:
    """A loss where it does not belong.

    Args:
        loss: it.
        fits: the loss that belongs there.
        datasets: where.
        score: by which the two are compared.
    """

    loss: str
    fits: str
    datasets: tuple[str, ...]
    score: tuple[str, ...]


@experiment("mismatch")
def mismatch(claim: Claim, study: Study, *, mismatches: tuple[Mismatch, ...]) -> Design:
    """Train losses where they do not belong and compare them with those that do.

    Reproduced where the mismatched loss is worse. One that the catalogue refuses cannot be tried at all: it is
    undefined for such targets. That is said, but counts neither way.
    """
    refused: list[Evidence] = []
    trainings: list[Training] = []
    for one in mismatches:
        fitting: dict[Task, list[str]] = {}
        for dataset in map(load_dataset, one.datasets):
            error = refusal(one, dataset, study)
            if error is None:
                fitting.setdefault(dataset.task, []).append(dataset.name)
            else:
                refused.append(refused_line(one, dataset, error))
        for task, names in fitting.items():
            alike = {loss: loss for loss in (one.loss, one.fits)}
            pairing = Pairing(task, tuple(names), (one.loss,), (one.fits,), alike)
            made = partial(contrasts_in, pairing=pairing, claim=claim, study=study, score=one.score)
            trainings += under_each(study, made, **pairing.axes)
    return Design(trainings, lambda lines: [*lines, *refused])


def refusal(mismatch: Mismatch, dataset: Dataset, study: Study) -> LossDoesNotFit | None:
    """Return why the mismatched loss is refused on a data set; None where it is not.

    Raises:
        UsageError: a loss or score that does not exist, or a loss that should fit and does not.
    """
    if error := obstacle(dataset, (mismatch.fits,), mismatch.score, study):
        raise error
    error = obstacle(dataset, (mismatch.loss, mismatch.fits), mismatch.score, study)
    return error if isinstance(error, LossDoesNotFit) else None


def refused_line(mismatch: Mismatch, dataset: Dataset, error: LossDoesNotFit) -> Evidence:
    """Return why a loss cannot be trained on a data set."""
    return Evidence(
        "not testable",
        " and ".join(mismatch.score),
        dataset=dataset.name,
        arms=(mismatch.loss, mismatch.fits),
        note=f"refused before any training: {error}",
    )


def contrasts_in(
    cell: Cell, pairing: Pairing, claim: Claim, study: Study, score: tuple[str, ...]
) -> Iterator[Contrast]:
    """Yield the contrasts on one data set, with the task beside the score."""
    for contrast in contrasts_of(cell, pairing, claim, study, score, "worse"):
        yield replace(contrast, line=replace(contrast.line, quantity=f"{contrast.line.quantity}, {pairing.task}"))
