"""Whether the choice of the loss changes what noise, outliers and class imbalance do to a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_differs
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.claims.trained.outliers import measured, skill_changes
from lossbench.data import load_dataset
from lossbench.losses.registry import core_losses
from lossbench.plan.settings import make_settings


@dataclass(frozen=True)
class Hardship:
    """What a loss has to handle.

    Args:
        datasets: where it is met, all of one task.
        kind: contamination of the training part: label, target or feature; empty for data hard as they are.
        outliers: contaminated shares.
    """

    datasets: tuple[str, ...]
    kind: str = ""
    outliers: tuple[float, ...] = ()

    @property
    def axes(self) -> dict[str, Any]:
        """The same as fields of `lossbench.plan.settings.Settings`."""
        task = load_dataset(self.datasets[0]).task
        axes: dict[str, Any] = {
            "datasets": list(self.datasets),
            "losses": {task: list(core_losses(task))},
            "outliers": sorted({0.0, *self.outliers}),
        }
        return axes | ({"outlier_kind": self.kind} if self.kind else {})


def check_hardships(claim: Claim, study: Study, *, hardships: tuple[Hardship, ...]) -> None:
    """Refuse what cannot be trained.

    Raises:
        UsageError: a data set that does not exist, or a share or kind that is out of range.
    """
    from lossbench.plan.experiment import plan

    for hardship in hardships:
        plan(make_settings(**hardship.axes, seeds=1))


@experiment("handling", check=check_hardships)
def handling(claim: Claim, study: Study, *, hardships: tuple[Hardship, ...]) -> list[Evidence]:
    """Train the core losses under a hardship: does any of them bear it otherwise than the reference loss?

    Contamination is borne by the skill that it costs; data that are hard as they are, such as rare classes, by the
    primary score. Reproduced where at least one loss differs on one of the data sets, contradicted where all are
    equal within the margin.
    """
    lines = judge_all(
        [
            match
            for hardship in hardships
            for cell in cells(study, load_dataset(hardship.datasets[0]).task, **hardship.axes)
            for match in matches_of(cell, study)
        ]
    )
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for line in lines:
        groups.setdefault((line.what, line.protocol), []).append(line)
    return [any_differs(group) for group in groups.values()]


def matches_of(cell: Cell, study: Study) -> Iterator[Match]:
    """Yield the comparison of every other loss with the reference."""
    reference, *others = cell.losses
    contaminated = cell.trials.outlier_fraction.max() > 0
    what = measured(cell) if contaminated else cell.primary.name
    values = skill_changes(cell) if contaminated else {loss: cell.of(what, loss) for loss in cell.losses}
    margin = study.terms.margins.get(cell.primary.name)
    for loss in others:
        differences = values[loss] - values[reference]
        greater = contaminated or cell.primary.greater_is_better
        yield cell.match(what, (loss, reference), differences, "equal", margin, greater)
