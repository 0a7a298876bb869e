"""Whether the choice of the loss changes what noise, outliers and class imbalance do to a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, under_each
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_differs
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.outliers import CHANGE, skill_changes
from lossbench.data import load_dataset
from lossbench.losses.registry import core_losses


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
        losses, shares = core_losses(load_dataset(self.datasets[0]).task), sorted({0.0, *self.outliers})
        axes = {"datasets": self.datasets, "losses": losses, "outliers": shares}
        return axes | ({"outlier_kind": self.kind} if self.kind else {})


@experiment("handling")
def handling(claim: Claim, study: Study, *, hardships: tuple[Hardship, ...]) -> Design:
    """Train the core losses under a hardship: does any of them bear it otherwise than the reference loss?

    Contamination is borne by the skill that it costs; data that are hard as they are, such as rare classes, by the
    primary score. Reproduced where at least one loss differs on one of the data sets, contradicted where all are
    equal within the margin.
    """
    made = partial(contrasts_of, study=study)
    trainings = [one for h in hardships for one in under_each(study, made, **h.axes)]
    return Design(trainings, by_hardship)


def contrasts_of(cell: Cell, study: Study) -> Iterator[Contrast]:
    """Yield the contrast of every other loss with the reference."""
    (reference, *others), score = cell.losses, cell.primary.name
    changes = skill_changes(cell) if cell.contamination else {}
    for loss in others:
        if changes:
            costs, margin = changes[loss] - changes[reference], study.margin(score)
            yield cell.contrast(CHANGE, (loss, reference), costs, "equal", margin, **cell.contamination)
        else:
            yield cell.compared(score, (loss, reference), "equal", study)


def by_hardship(lines: list[Evidence]) -> list[Evidence]:
    """Return one line a hardship and protocol, for all losses and data sets."""
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for line in lines:
        groups.setdefault((line.what, line.protocol), []).append(line)
    return [any_differs(group) for group in groups.values()]
