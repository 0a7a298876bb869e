"""Whether accuracy alone tells what a loss does: losses of equal accuracy, by precision and recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_of
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.data import load_dataset
from lossbench.plan.settings import make_settings

SCORES = ("accuracy", "precision", "recall")
"""The first is the one that may hide a difference in the others."""


def check_beside(claim: Claim, study: Study, *, arms: tuple[str, ...], datasets: tuple[str, ...]) -> None:
    """Refuse what cannot be trained.

    Raises:
        UsageError: a loss or data set that does not exist or fit.
    """
    from lossbench.plan.experiment import plan

    plan(make_settings(**axes_of(arms, datasets), seeds=1))


def axes_of(arms: tuple[str, ...], datasets: tuple[str, ...]) -> dict[str, Any]:
    """Return what is trained, as fields of `lossbench.plan.settings.Settings`."""
    task = load_dataset(datasets[0]).task
    return {"datasets": list(datasets), "losses": {task: list(arms)}}


@experiment("beside_the_loss", check=check_beside)
def beside_the_loss(
    claim: Claim, study: Study, *, arms: tuple[str, ...], datasets: tuple[str, ...]
) -> list[Evidence]:
    """Look for a loss as accurate as the first one, within the margin, and unlike it in precision or recall.

    Reproduced where there is one on some data set. All comparisons are corrected together.

    arms: the first against each of the others.
    datasets: all of one task.
    """
    trained = list(cells(study, load_dataset(datasets[0]).task, **axes_of(arms, datasets)))
    lines = judge_all([match for cell in trained for match in matches_of(cell, study)])
    width = len(SCORES)
    pairs = [lines[start : start + width] for start in range(0, len(lines), width)]
    groups: dict[str, list[list[Evidence]]] = {}
    for pair in pairs:
        groups.setdefault(pair[0].protocol, []).append(pair)
    return [beside(group) for group in groups.values()]


def matches_of(cell: Cell, study: Study) -> Iterator[Match]:
    """Yield the comparisons of every other loss with the first, score by score."""
    first, *others = cell.losses
    for loss in others:
        for score in SCORES:
            differences = cell.of(score, loss) - cell.of(score, first)
            yield cell.match(score, (loss, first), differences, "equal", study.terms.margins.get(score))


def beside(pairs: Sequence[Sequence[Evidence]]) -> Evidence:
    """Return one line for all losses and data sets: does precision or recall differ where accuracy does not?"""
    compared = [(accuracy, line) for accuracy, *lines in pairs for line in lines]
    showing = [
        line for accuracy, line in compared if accuracy.verdict == "reproduced" and line.verdict == "contradicted"
    ]
    return any_of(showing, [line for _, line in compared], "of equal accuracy differ")
