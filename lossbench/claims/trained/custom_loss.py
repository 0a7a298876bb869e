"""A loss that a user writes into a file, trained beside the built-in loss that it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.task import Task

FILE = Path(__file__).with_name("my_losses.py")
"""What a user might write. It never moves: the name of a loss, and so its stored trainings, go by it."""

PAIRS: dict[Task, tuple[str, str, str]] = {
    "regression": ("squared_error", "mse", "diabetes"),
    "binary": ("cross_entropy:@gets=probability", "bce", "breast_cancer"),
}
"""A function of the user's, the built-in loss that it is, and a data set."""


@experiment("custom_loss")
def custom_loss(claim: Claim, study: Study) -> list[Evidence]:
    """Train losses from a file of the user's, beside the built-in losses that they are.

    Reproduced where the scores agree within the margin: what users write is trained as what lossbench has.
    """
    return judge_all([match for task in PAIRS for match in matches(task, study)])


def matches(task: Task, study: Study) -> Iterator[Match]:
    """Yield the comparison of the user's loss with the built-in one under every protocol."""
    function, built_in, dataset = PAIRS[task]
    label = f"my {built_in}"
    spec = f"{FILE}:{function}:@label={label}"
    for cell in cells(study, task, datasets=[dataset], losses={task: [spec, built_in]}):
        yield match_of(cell, label, built_in, study)


def match_of(cell: Cell, own: str, built_in: str, study: Study) -> Match:
    """Return the comparison by the primary score."""
    score = cell.primary
    differences = cell.of(score.name, own) - cell.of(score.name, built_in)
    margin = study.terms.margins.get(score.name)
    note = f"largest difference of a seed {abs(differences).max():.1g}"
    return cell.match(
        score.name, (own, built_in), differences, "equal", margin, score.greater_is_better, note=note
    )
