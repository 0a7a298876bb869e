"""The record of a custom loss: made at its first use, and shared by equal specs.

Engines evaluate losses of one record together. Losses that differ only in parameters that may vary between models
share a record; any other difference makes another.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from lossbench.apart import Ended, Unending
from lossbench.errors import BadValue, LossDoesNotFit, LossFailed, LossMisbehaves
from lossbench.lazy import torch
from lossbench.losses.custom.calls import AT_ONCE, Call, Gives, Spread, alone, make_call, spread
from lossbench.losses.custom.candidate import Candidate
from lossbench.losses.custom.contain import Seen, contained, meddles
from lossbench.losses.custom.conventions import Convention, make_convention
from lossbench.losses.custom.drift import PURE, Drift, drift_of, remembers
from lossbench.losses.custom.inputs import check_inputs
from lossbench.losses.custom.locate import afresh, locate
from lossbench.losses.custom.order import target_first
from lossbench.losses.custom.probe import Probe, draw
from lossbench.losses.custom.rehearse import rehearse
from lossbench.losses.custom.signature import (
    first_names,
    is_number,
    parameters_of,
    read_arguments,
    recognise,
)
from lossbench.losses.custom.source import digest
from lossbench.losses.record import LossRecord
from lossbench.losses.registry import check_task
from lossbench.remark import Remark, Topic
from lossbench.spec import Parameter, title
from lossbench.task import TASKS, VALUED, Task

USUAL: Mapping[Task, int] = {
    "regression": 1,
    "binary": 1,
    "multiclass": 3,
    "multilabel": 3,
    "segmentation": 4,
    "distribution": 2,
    "anomaly": 3,
    "embedding": 3,
}
"""Targets, classes, labels or pixels that a loss is tried on where the data set is not known."""

REDUCED: Mapping[Task, str] = {
    **dict.fromkeys(VALUED, "averaged over targets"),
    "segmentation": "averaged over pixels",
}
"""How values of outputs become that of a row, where they are not summed."""

_RECORDS: dict[tuple[object, ...], LossRecord] = {}
_FATAL: dict[Candidate, LossMisbehaves] = {}
"""What ends a process, or does not end itself: it is tried on no other task, and with no other values."""


@dataclass(frozen=True, eq=False)
class Custom:
    """A custom loss, ready to be tried.

    Args:
        targets: number of targets, classes or labels that it is tried with.
        fixed: parameters that belong to the record.
        varying: parameters that may differ between models.
    """

    candidate: Candidate
    convention: Convention
    targets: int
    fixed: Mapping[str, Any]
    varying: Mapping[str, float]

    def record(self) -> LossRecord:
        """Return the record, after a trial at the first use of these values."""
        shared = self.candidate, self.convention, self.targets, repr(self.fixed)
        exact = (*shared, repr(self.varying))
        if exact not in _RECORDS:
            self._rehearse()
            made = self._tried()
            _RECORDS[exact] = _RECORDS.setdefault(shared, made) if made.parameters else made
        return _RECORDS[exact]

    def _rehearse(self) -> None:
        """Refuse the loss if a trial ends the process, or does not end.

        Raises:
            LossMisbehaves: it does; raised again whenever the loss is asked for.
        """
        if self.candidate not in _FATAL:
            try:
                rehearse(self._tried)
                return
            except Unending as error:
                fault = f"{error}; let it end"
            except Ended as error:
                fault = f"{error}; let it return its value, whatever it is"
            except (LossFailed, LossDoesNotFit) as error:
                fault = f"{str(getattr(error, 'fault', error)).removeprefix('it ')}; let it end"
            _FATAL[self.candidate] = LossMisbehaves(self.candidate.name, fault)
        raise _FATAL[self.candidate]

    def _tried(self) -> LossRecord:
        with _on_trial(self.candidate.name) as seen:
            gives, found, notes, drift = self._trial()
        given = self.fixed if found.varies else {**self.fixed, **self.varying}
        defaults = numbers_of(self.candidate.criterion)
        numbers = (Parameter(name, defaults[name], meaning="a number of the function") for name in self.varying)
        return LossRecord(
            name=":".join([self.candidate.name, *map(_written, given.items())]),
            task=self.convention.task,
            fn=_documented(found.loss, self.candidate.criterion.__doc__),
            link=self.convention.link,
            encoding=self.convention.encoding,
            formula="",
            source=self.candidate.origin,
            facts=None,
            outputs_per_target=self.convention.outputs_per_target,
            parameters=tuple(numbers) if found.varies else (),
            whole_batch=gives == "batch" or self.convention.link == "embedding",
            natural_zero=self.convention.link == "softplus",
            receives=self._receives(gives, found),
            notes=(*self._read(), *notes, *(Topic.TORCH_WARNS(warning=line) for line in seen.warnings)),
            drift=drift,
            code=digest(self.candidate.code, repr(self.convention)),
        )

    def _read(self) -> Iterator[Remark]:
        """Yield remarks on the file and on how the loss is called, before any call."""
        yield from (Topic.FILE_WARNS(warning=line) for line in self.candidate.seen.warnings)
        if self.candidate.seen.altered:
            yield Topic.UNDONE(settings=self.candidate.seen.altered)
        if self.convention.target_first:
            yield Topic.TARGET_FIRST(names=tuple(first_names(self.candidate.criterion)))

    def _trial(self) -> tuple[Gives, Spread, tuple[Remark, ...], Drift]:
        """Return what the loss gives, how it is evaluated for many models, remarks, and its drift check."""
        fresh = self._fresh()  # before the first call
        call = make_call(self.candidate, self.fixed, self.convention.target_first)
        raw, target = draw(self.convention, self.targets)
        probe = Probe(self.candidate.name, partial(call, **self.varying), self.convention, raw[0], target[0])
        gives = probe.gives()
        loss = alone(call, self.convention, gives)
        drift = drift_of(partial(loss, **self.varying), raw[0], target[0])
        found = spread(loss, self.convention.convention == "raw", raw, target, self.varying)
        notes = (*probe.notes(gives), *found.notes)
        moved = drift(1)
        if fresh is not None:
            units = 2 if self.convention.task in VALUED else 1
            fresh = partial(alone(fresh, self.convention, gives), **self.varying)
            moved = moved or remembers(partial(loss, **self.varying), fresh, raw, target, units)
        if moved:
            raise LossMisbehaves(self.candidate.name, f"{moved}; {PURE}")
        return gives, found, notes, drift

    def _fresh(self) -> Call | None:
        """Return the loss as before its first call; None where it cannot be made a second time."""
        with suppress(Exception):  # a file that cannot be run twice, an instance that cannot be copied
            return make_call(afresh(self.candidate), self.fixed, self.convention.target_first)
        return None

    def _receives(self, gives: Gives, found: Spread) -> str:
        """Say what the user's function gets and how its result is read."""
        seen = self.convention if found.way == AT_ONCE else replace(self.convention, convention="pair")
        reduced = REDUCED.get(self.convention.task, "summed over outputs")
        results = {
            "sample": "a value a row",
            "output": f"a value an output, which is {reduced}",
            "batch": "one number for the batch",
        }
        return f"{seen}; returns {results[gives]}; {found.way}"


@contextmanager
def _on_trial(name: str) -> Iterator[Seen]:
    """Contain a loss, and refuse it if it changes global settings on which the numbers of others depend."""
    seen = Seen()
    try:
        with contained() as seen:
            yield seen
    finally:
        if seen.altered:
            raise LossMisbehaves(name, meddles(seen.altered))


def custom_loss(
    spec: str,
    name: str,
    given: Mapping[str, str],
    stated: Mapping[str, str],
    task: Task | None,
    targets: int | None,
) -> tuple[LossRecord, dict[str, float]]:
    """Return the record of a loss that is not in the catalogue, and the values of its parameters.

    Args:
        spec: as the user wrote it, for messages.
        name: the object, such as "my_losses.py:my_loss".
        given: the parameters as text.
        stated: its statements, by key without the @.
        task: the task that it is used on.
        targets: number of targets, classes or labels that it is tried with; None for a usual number.

    Raises:
        UsageError: it does not exist, does not fit the task, or cannot be used.
    """
    candidate = locate(name)
    said = {**candidate.stated, **stated}
    task = agreed_task(spec, said.pop("task", None), task)
    if task is None:
        raise BadValue(
            f"loss '{spec}' is not of the catalogue: state the task it is for, one of {', '.join(TASKS)}"
        )
    check_inputs(candidate.name, candidate.criterion, given)
    names = first_names(candidate.criterion)
    convention = make_convention(task, recognise(candidate.criterion), said, f"'{spec}'")
    convention = replace(convention, target_first=len(names) == 2 and target_first(*names))
    fixed = read_arguments(spec, given, parameters_of(candidate.criterion))
    numbers = numbers_of(candidate.criterion) if convention.convention == "raw" else {}
    numbers = {key: default for key, default in numbers.items() if not isinstance(fixed.get(key), list)}
    varying = {key: fixed.pop(key, default) for key, default in numbers.items()}
    tried = USUAL[task] if convention.link == "embedding" or targets is None else targets
    record = Custom(candidate, convention, tried, fixed, varying).record()
    return record, {parameter.name: float(varying[parameter.name]) for parameter in record.parameters}


def agreed_task(spec: str, stated: str | None, task: Task | None) -> Task | None:
    """Return the task that a loss is stated to be for, or else the one asked for.

    Raises:
        UnknownName: there is no such task.
        LossDoesNotFit: both are known and differ.
    """
    for name in filter(None, (task, stated)):
        check_task(name)
    if stated is None:
        return task
    if task not in (None, stated):
        raise LossDoesNotFit(f"loss '{title(spec)}' is stated to be for {stated}, so it does not run on {task}")
    return cast(Task, stated)


def numbers_of(criterion: Any) -> dict[str, float]:
    """Return the defaults of a function's numeric parameters; none for a class, which is instantiated.

    Example:
        >>> numbers_of(lambda raw, target, *, alpha=2.0, reduction="mean": 0)
        {'alpha': 2.0}
    """
    if inspect.isclass(criterion):
        return {}
    return {name: p.default for name, p in parameters_of(criterion).items() if is_number(p.default)}


def _written(item: tuple[str, Any]) -> str:
    """Write a parameter as in a spec."""
    key, value = item
    if isinstance(value, list):
        return f"{key}={json.dumps(value, separators=(',', ':'))}"
    plain = str(value).lower() if value is None or isinstance(value, bool) else str(value).removesuffix(".0")
    return f"{key}={plain}"


def _documented(loss: Call, text: str | None) -> Callable[..., torch.Tensor]:
    def fn(raw: torch.Tensor, target: torch.Tensor, **parameters: float | torch.Tensor) -> torch.Tensor:
        return loss(raw, target, **parameters)

    fn.__doc__ = text
    return fn
