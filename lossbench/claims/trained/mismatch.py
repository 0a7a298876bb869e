"""Losses that do not match the problem, against those that do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.contest import Bout, matches_of, met, obstacle
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.data import load_dataset
from lossbench.errors import LossDoesNotFit


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


def check_mismatches(claim: Claim, study: Study, *, mismatches: tuple[Mismatch, ...]) -> None:
    """Refuse what cannot be compared; a loss that the catalogue refuses is evidence, and no error.

    Raises:
        UsageError: a loss, data set or score that does not exist, or a loss that should fit and does not.
    """
    for mismatch in mismatches:
        for spec in mismatch.datasets:
            error = obstacle(load_dataset(spec), (mismatch.fits,), mismatch.score, study)
            if error is not None:
                raise error


@experiment("mismatch", check=check_mismatches)
def mismatch(claim: Claim, study: Study, *, mismatches: tuple[Mismatch, ...]) -> list[Evidence]:
    """Train losses where they do not belong and compare them with those that do.

    Reproduced where the mismatched loss is worse. One that the catalogue refuses cannot be tried at all: it is
    undefined for such targets. That is said, but counts neither way.
    """
    refused = [line for mismatch in mismatches for line in refusals(mismatch, study)]
    trained = judge_all([match for mismatch in mismatches for match in matches(mismatch, claim, study)])
    return [*trained, *refused]


def refusals(mismatch: Mismatch, study: Study) -> Iterator[Evidence]:
    """Yield why a loss cannot be trained on some of its data sets."""
    for spec in mismatch.datasets:
        error = refusal(mismatch, spec, study)
        if error is not None:
            yield Evidence(
                "not testable",
                what=" and ".join(mismatch.score),
                dataset=spec,
                case=f"{mismatch.loss} vs {mismatch.fits}",
                note=f"refused before any training: {error}",
            )


def refusal(mismatch: Mismatch, spec: str, study: Study) -> LossDoesNotFit | None:
    """Return why the mismatched loss is refused on a data set; None where it is not."""
    error = obstacle(load_dataset(spec), (mismatch.loss, mismatch.fits), mismatch.score, study)
    return error if isinstance(error, LossDoesNotFit) else None


def matches(mismatch: Mismatch, claim: Claim, study: Study) -> Iterator[Match]:
    """Yield the comparisons on the data sets where the mismatched loss can be trained."""
    names = [spec for spec in mismatch.datasets if refusal(mismatch, spec, study) is None]
    for task in dict.fromkeys(load_dataset(name).task for name in names):
        mine = tuple(name for name in names if load_dataset(name).task == task)
        pair = mismatch.loss, mismatch.fits
        bout = Bout(task, mine, pair[:1], pair[1:], dict(zip(pair, pair, strict=True)))
        for cell in met(study, bout, {}):
            for match in matches_of(cell, bout, claim, study, mismatch.score, "worse"):
                yield replace(match, line=replace(match.line, what=f"{match.line.what}, {task}"))
