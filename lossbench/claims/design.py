"""The design of an experiment that trains: what is trained, its contrasts, and how they are summed up.

An experiment states its design and trains nothing. The engine checks every design by planning its trainings before
the first of them starts, then trains, makes the contrasts, has all of them judged together, and sums up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

from lossbench.claims.cell import Cell, cells_of
from lossbench.claims.claim import Evidence
from lossbench.claims.contrast import Contrast
from lossbench.claims.deciding import judge_all
from lossbench.claims.study import Study
from lossbench.claims.tried import Tried
from lossbench.data import load_dataset
from lossbench.task import Task

Found = Contrast | Evidence
"""What is made of trials: a contrast, which is judged with all others, or evidence that is shown as it is."""


@dataclass(frozen=True, eq=False)
class Training:
    """Trials under one protocol, and what is made of them.

    Args:
        protocol: its name.
        runs: settings, as fields of `lossbench.plan.settings.Settings`; at least datasets, all of one task, and
            losses.
        contrasts: takes what was tried in each run, in their order.
    """

    protocol: str
    runs: Sequence[Mapping[str, Any]]
    contrasts: Callable[..., Iterable[Found]]

    def check(self, study: Study) -> None:
        """Refuse what cannot be trained, by planning it with one seed.

        Raises:
            UsageError: anything in the settings that cannot be carried out.
        """
        from lossbench.plan.experiment import plan

        for task, axes in self._settings():
            settings = study.settings(self.protocol, task, **axes)
            plan(replace(settings, seeds=settings.seeds[:1]))

    def found(self, study: Study) -> list[Found]:
        """Train every run, and return what is made of them."""
        return list(self.contrasts(*self.trained(study)))

    def trained(self, study: Study) -> list[Tried]:
        """Train every run."""
        return [study.compare(self.protocol, task, **axes) for task, axes in self._settings()]

    def _settings(self) -> Iterator[tuple[Task, dict[str, Any]]]:
        for run in self.runs:
            task = load_dataset(run["datasets"][0]).task
            yield task, {**run, "datasets": list(run["datasets"]), "losses": {task: list(run["losses"])}}


@dataclass(frozen=True, eq=False)
class Design:
    """What an experiment trains and what it makes of it.

    Args:
        trainings: in the order of the report.
        summary: takes the judged contrasts and then what is shown as it is, and gives the evidence on the claim.
    """

    trainings: Sequence[Training]
    summary: Callable[[list[Evidence]], Iterable[Evidence]] = list

    def check(self, study: Study) -> None:
        """Refuse what cannot be trained, see `Training.check`; nothing is."""
        for training in self.trainings:
            training.check(study)

    def conclusion(self, found: Iterable[Found], study: Study) -> list[Evidence]:
        """Judge what all trainings found, and sum up."""
        return list(self.summary(judged(decisive(found, study.terms.primary))))


def decisive(found: Iterable[Found], primary: str) -> Iterator[Found]:
    """Yield everything, what was found under another protocol than the primary one as sensitivity.

    Where the experiment sets the rates itself, nothing is tried under the primary protocol; then all decides.
    """
    made = list(found)
    if not any(line_of(one).protocol == primary for one in made):
        return iter(made)
    return (one if line_of(one).protocol == primary else aside(one) for one in made)


def line_of(found: Found) -> Evidence:
    """Return what a contrast says but for its figures, and evidence as it is."""
    return found.line if isinstance(found, Contrast) else found


def aside(found: Found) -> Found:
    """Return what was found as sensitivity, which is shown and never counted."""
    line = line_of(found)
    shown = replace(line, role="sensitivity") if line.role == "unit" else line
    return replace(found, line=shown) if isinstance(found, Contrast) else shown


def judged(found: Iterable[Found]) -> list[Evidence]:
    """Return all contrasts, judged together, and then what is shown as it is."""
    made = list(found)
    contrasts = [one for one in made if isinstance(one, Contrast)]
    return [*judge_all(contrasts), *(one for one in made if isinstance(one, Evidence))]


def under(protocol: str, contrasts: Callable[[Cell], Iterable[Found]], **axes: Any) -> Training:
    """Return trials under one protocol that are compared within each data set.

    Args:
        protocol: its name.
        contrasts: takes the trials of one data set.
        **axes: what is trained, see `Training`.
    """

    def by_dataset(tried: Tried) -> Iterator[Found]:
        cells = cells_of(protocol, tried)
        return chain.from_iterable(map(contrasts, cells))

    return Training(protocol, [axes], by_dataset)


def under_each(study: Study, contrasts: Callable[[Cell], Iterable[Found]], **axes: Any) -> list[Training]:
    """Return the same trials under every protocol; for the arguments see `under`."""
    return [under(protocol.name, contrasts, **axes) for protocol in study.protocols]


def by_score(
    study: Study,
    contrasts: Callable[[Cell, str], Iterable[Found]],
    scores: Sequence[str],
    alone: bool = False,
    **axes: Any,
) -> list[Training]:
    """Return the same trials under every protocol, judged by several scores.

    Where each loss has its own rate, that is the one that is best by the score that is judged, so that there are
    trials of their own for each score.

    Args:
        study: where the protocols are.
        contrasts: takes the trials of one data set, and the score that is judged.
        scores: names of metrics; without any, the data set's own.
        alone: whether the trials of each score are its own under every protocol.
        **axes: what is trained, see `Training`.
    """
    trainings = []
    for protocol in study.protocols:
        if scores and (protocol.tune or alone):
            parts = [([score], {"score": [score]}) for score in scores]
        else:
            parts = [(list(scores), {})]
        trainings += [
            under(protocol.name, partial(each_score, contrasts, mine), **axes, **by) for mine, by in parts
        ]
    return trainings


def each_score(
    contrasts: Callable[[Cell, str], Iterable[Found]], scores: Sequence[str], cell: Cell
) -> Iterator[Found]:
    """Yield what is found on one data set by each score."""
    for score in scores or [cell.primary.name]:
        yield from contrasts(cell, score)
