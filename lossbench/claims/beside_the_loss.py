"""Whether accuracy alone tells what a loss does: losses of equal accuracy, by precision and recall."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lossbench.claims.cell import Cell, cells
from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_pair
from lossbench.claims.match import Match, judge_all
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.config import make_settings
from lossbench.data import load_dataset
from lossbench.losses.registry import core_losses

SCORES = ("precision", "recall")


def check_beside(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> None:
    """Refuse data sets that cannot be used.

    Raises:
        UsageError: one that does not exist.
    """
    from lossbench.experiment import plan

    plan(make_settings(**axes_of(datasets), seeds=1))


def axes_of(datasets: tuple[str, ...]) -> dict[str, object]:
    """Return what is trained, as fields of `lossbench.config.Settings`."""
    task = load_dataset(datasets[0]).task
    return {"datasets": list(datasets), "losses": {task: list(core_losses(task))}}


@experiment("beside_the_loss", check=check_beside)
def beside_the_loss(claim: Claim, study: Study, *, datasets: tuple[str, ...]) -> list[Evidence]:
    """Look for two core losses of equal accuracy, within the margin, whose precision or recall differ.

    Reproduced where there are two. All comparisons of all pairs are corrected together.

    datasets: all of one task.
    """
    trained = list(cells(study, load_dataset(datasets[0]).task, **axes_of(datasets)))
    pairs = [(cell, pair) for cell in trained for pair in combinations(cell.losses, 2)]
    lines = iter(judge_all([match for cell, pair in pairs for match in matches_of(cell, pair, study)]))
    found = [(next(lines), [next(lines) for _ in SCORES]) for _ in pairs]
    return [
        any_pair(
            [
                (equal, differing(others[index]))
                for (of, _), (equal, others) in zip(pairs, found, strict=True)
                if of is cell
            ],
            f"equal in accuracy and not in {score}",
        )
        for cell in trained
        for index, score in enumerate(SCORES)
    ]
