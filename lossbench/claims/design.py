"""The design of an experiment that trains: what is trained, its contrasts, and their summary.

An experiment returns its design and trains nothing itself. All designs are checked by planning their trainings
before the first training starts. Then they are trained, contrasts are made and judged together, and summed up.
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
from lossbench.claims.trial_results import TrialResults
from lossbench.data import load_dataset
from lossbench.task import Task

Found = Contrast | Evidence
"""A result of trials: a contrast, which is judged together with all others, or evidence that is only shown."""


@dataclass(frozen=True, eq=False)
class Training:
    """Trials under one protocol, and their contrasts.

    Args:
        protocol: the name of the protocol.
        runs: the settings of each run, as fields of `lossbench.plan.settings.Settings`; at least datasets, all of
            one task, and losses.
        contrasts: makes contrasts from the results of all runs, in their order.
    """

    protocol: str
    runs: Sequence[Mapping[str, Any]]
    contrasts: Callable[..., Iterable[Found]]

    def check(self, study: Study) -> None:
        """Refuse settings that cannot be trained, by planning them with one seed.

        Raises:
            UsageError: the settings cannot be carried out.
        """
        from lossbench.plan.experiment import plan

        for task, axes in self._settings():
            settings = study.settings(self.protocol, task, **axes)
            plan(replace(settings, seeds=settings.seeds[:1]))

    def found(self, study: Study) -> list[Found]:
        """Train every run, and return the contrasts and the evidence."""
        return list(self.contrasts(*self.trained(study)))

    def trained(self, study: Study) -> list[TrialResults]:
        """Train every run."""
        return [study.compare(self.protocol, task, **axes) for task, axes in self._settings()]

    def _settings(self) -> Iterator[tuple[Task, dict[str, Any]]]:
        for run in self.runs:
            task = load_dataset(run["datasets"][0]).task
            yield task, {**run, "datasets": list(run["datasets"]), "losses": {task: list(run["losses"])}}


@dataclass(frozen=True, eq=False)
class Design:
    """What an experiment trains, and how it is summed up.

    Args:
        trainings: the trainings in the order of the report.
        summary: makes the evidence on the claim from the judged contrasts, followed by evidence that is only
            shown.
    """

    trainings: Sequence[Training]
    summary: Callable[[list[Evidence]], Iterable[Evidence]] = list

    def check(self, study: Study) -> None:
        """Refuse settings that cannot be trained, see `Training.check`; nothing is trained."""
        for training in self.trainings:
            training.check(study)

    def found(self, place: int, study: Study) -> list[Found]:
        """Train one of the trainings, and return the contrasts and the evidence; sensitivity has fewer seeds."""
        training, primary = self.trainings[place], study.terms.primary
        decides = training.protocol == primary or all(one.protocol != primary for one in self.trainings)
        return training.found(study if decides else study.for_sensitivity())

    def conclusion(self, found: Iterable[Found], study: Study) -> list[Evidence]:
        """Judge what all trainings found, and sum up."""
        return list(self.summary(judged(with_roles(found, study.terms.primary))))


def with_roles(found: Iterable[Found], primary: str) -> Iterator[Found]:
    """Yield all results, those under another protocol than the primary one as sensitivity.

    If the experiment sets the rates itself, there is nothing under the primary protocol; then all results decide.
    """
    made = list(found)
    if not any(line_of(one).protocol == primary for one in made):
        return iter(made)
    return (one if line_of(one).protocol == primary else as_sensitivity(one) for one in made)


def line_of(found: Found) -> Evidence:
    """Return the line of a contrast, which has no figures yet, or evidence itself."""
    return found.line if isinstance(found, Contrast) else found


def as_sensitivity(found: Found) -> Found:
    """Return a result in the role of sensitivity, which is shown but never counted."""
    line = line_of(found)
    shown = replace(line, role="sensitivity") if line.role == "unit" else line
    return replace(found, line=shown) if isinstance(found, Contrast) else shown


def judged(found: Iterable[Found]) -> list[Evidence]:
    """Return all contrasts, judged together, followed by the evidence that is only shown."""
    made = list(found)
    contrasts = [one for one in made if isinstance(one, Contrast)]
    return [*judge_all(contrasts), *(one for one in made if isinstance(one, Evidence))]


def under(protocol: str, contrasts: Callable[[Cell], Iterable[Found]], **axes: Any) -> Training:
    """Return trials under one protocol that are compared within each data set.

    Args:
        protocol: the name of the protocol.
        contrasts: makes contrasts from the trials of one data set.
        **axes: what is trained, see `Training`.
    """

    def by_dataset(tried: TrialResults) -> Iterator[Found]:
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

    If each loss has its own rate, that is the best one by the score that is judged, so every score needs trials of
    its own.

    Args:
        study: has the protocols.
        contrasts: makes contrasts from the trials of one data set, by a score.
        scores: names of metrics; empty for the data set's own.
        alone: whether every score has trials of its own under every protocol.
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
    """Yield the results on one data set by each score."""
    for score in scores or [cell.primary.name]:
        yield from contrasts(cell, score)
