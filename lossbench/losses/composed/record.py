"""The record of a sum of losses, derived from the records of its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lossbench.errors import BadValue
from lossbench.losses.composed.grammar import Term, terms_of
from lossbench.losses.composed.scaled import Scaled
from lossbench.losses.record import Domain, LossRecord, Part
from lossbench.spec import Parameter
from lossbench.task import Task

if TYPE_CHECKING:
    import torch

Drift = Callable[[int], str]

AGREED = ("link", "head", "encoding", "outputs_per_target", "natural_zero")
"""In what losses must agree that read the same raw outputs and the same target."""

_FIELDS = dict(
    zip(AGREED, ("link", "head", "target", "raw outputs a target", "zero of the target kept"), strict=True)
)


@dataclass(frozen=True)
class Summed:
    """The weighted sum of some losses, each on the same raw outputs.

    Args:
        parts: the terms.

    Example:
        >>> import torch
        >>> from lossbench.losses import get_loss
        >>> get_loss("sum:mse+0.5*mae", "regression")(torch.tensor([[3.0], [1.0]]), torch.tensor([1.0, 1.0]))
        tensor([5., 0.])
    """

    parts: tuple[Part, ...]

    def __call__(
        self, raw: torch.Tensor, target: torch.Tensor, **parameters: float | torch.Tensor
    ) -> torch.Tensor:
        """Return the sum for each sample; for the batch, where one of the losses has no value per sample."""
        whole = any(part.record.whole_batch for part in self.parts)
        values = [
            Scaled(part.record.fn)(raw, target, factor=part.factor(parameters), **part.own(parameters))
            for part in self.parts
        ]
        averaged = [
            value.mean(-1) if whole and not part.record.whole_batch else value
            for part, value in zip(self.parts, values, strict=True)
        ]
        return sum(averaged[1:], averaged[0])


def sum_records(name: str, served: Callable[[str], Mapping[Task, LossRecord]]) -> dict[Task, LossRecord]:
    """Return the record of a sum for each task that all of its losses serve, and on which they agree.

    Args:
        name: such as "sum:bce+0.5*dice".
        served: from the name of a loss of the catalogue to its records by task; empty where it is unknown, and
            then the result is empty too.

    Raises:
        BadValue: it is no sum.
    """
    terms = terms_of(name)
    known = [served(term.loss) for term in terms]
    if not all(known):
        return {}
    shared = [task for task in known[0] if all(task in records for records in known)]
    found = {task: [records[task] for records in known] for task in shared}
    return {task: sum_record(name, terms, records) for task, records in found.items() if agree(records)}


def fault_of(name: str, task: Task, served: Callable[[str], Mapping[Task, LossRecord]]) -> str:
    """Say why a sum does not run on a task: which of its losses does not, or how they differ."""
    names = list(dict.fromkeys(term.loss for term in terms_of(name)))
    for one in names:
        if task not in served(one):
            return f"'{one}' in it serves {', '.join(served(one))}"
    return differ([served(one)[task] for one in names])


def differ(records: Sequence[LossRecord]) -> str:
    """Say how losses that do not agree differ."""
    field = next(field for field in AGREED if len({getattr(record, field) for record in records}) > 1)
    each = ", ".join(dict.fromkeys(f"{record.name} has {getattr(record, field)}" for record in records))
    advice = "; say of yours what it reads, in parentheses: (my_losses.py:NAME:@link=LINK)"
    own = advice if any(record.code for record in records) else ""
    return f"its losses read the raw outputs differently ({_FIELDS[field]}: {each}), which do not add up{own}"


def agree(records: Sequence[LossRecord]) -> bool:
    """Say whether losses of a task read the same raw outputs and the same target."""
    return len({tuple(getattr(record, field) for field in AGREED) for record in records}) == 1


def sum_record(name: str, terms: Sequence[Term], records: Sequence[LossRecord]) -> LossRecord:
    """Return the record of a sum of losses that agree.

    Raises:
        BadValue: a weight has the name of a parameter of a loss.
    """
    first, parts = records[0], _parts(terms, records)
    weights = tuple(_weight(term.weight) for term in dict.fromkeys(terms) if isinstance(term.weight, str))
    own = tuple(
        replace(parameter, name=part.names[place])
        for part in parts
        for place, parameter in enumerate(part.record.parameters)
    )
    parameters = tuple(dict.fromkeys((*weights, *own)))
    _check_names(name, parameters)
    return LossRecord(
        name=name,
        task=first.task,
        fn=Summed(parts),
        link=first.link,
        head=first.head,
        encoding=first.encoding,
        formula=" + ".join(
            f"{_times(term)}({record.formula})" for term, record in zip(terms, records, strict=True)
        ),
        source="; ".join(f"{record.name}: {record.source}" for record in dict.fromkeys(records)),
        facts=None,
        bottomless=any(record.bottomless for record in records),
        outputs_per_target=first.outputs_per_target,
        parameters=parameters,
        whole_batch=any(record.whole_batch for record in records),
        prior=any(record.prior for record in records),
        natural_zero=first.natural_zero,
        domain=_domain([record.domain for record in records if record.domain]),
        rescaling=tuple(_rescaling(parts)),
        flat=all(record.flat for record in records),
        receives="; ".join(dict.fromkeys(f"{one.name}: {one.receives}" for one in records if one.receives)),
        notes=tuple(dict.fromkeys(note for record in records for note in record.notes)),
        code=" ".join(dict.fromkeys(record.code for record in records if record.code)),
        drift=_drift([record for record in dict.fromkeys(records) if record.drift]),
        parts=parts,
    )


def weights_in(name: str) -> dict[str, Parameter]:
    """Return the weights of a sum that have a name.

    Example:
        >>> list(weights_in("sum:bce+w*my_losses.py:mine"))
        ['w']
    """
    names = (term.weight for term in terms_of(name))
    return {one: _weight(one) for one in names if isinstance(one, str)}


def _drift(records: Sequence[LossRecord]) -> Drift | None:
    """Return the drift check of all losses of a sum that may drift; None where none may."""

    def drift(times: int) -> str:
        told = ((record, record.drift(times)) for record in records if record.drift)
        return next((f"has {record.name} in it, which {fault}" for record, fault in told if fault), "")

    return drift if records else None


def part_names(record: LossRecord) -> tuple[str, ...]:
    """Return the names of the losses of a sum, numbered where one occurs twice; empty for other losses."""
    names = [part.record.name for part in record.parts]
    return tuple(f"{name}_{place}" if names.count(name) > 1 else name for place, name in enumerate(names, start=1))


def _parts(terms: Sequence[Term], records: Sequence[LossRecord]) -> tuple[Part, ...]:
    often = Counter(parameter.name for record in records for parameter in record.parameters)
    return tuple(
        Part(
            record,
            term.weight,
            tuple(p.name if often[p.name] == 1 else f"{p.name}_{place}" for p in record.parameters),
        )
        for place, (term, record) in enumerate(zip(terms, records, strict=True), start=1)
    )


def _rescaling(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        for parameter, name in zip(part.record.parameters, part.names, strict=True):
            if parameter.name in part.record.rescaling:
                yield name


def _weight(name: str) -> Parameter:
    return Parameter(name, 1.0, low=0, open_low=True, meaning="weight of a loss in the sum")


def _check_names(name: str, parameters: Iterable[Parameter]) -> None:
    for called, times in Counter(parameter.name for parameter in parameters).items():
        if times > 1 or called == "prior":
            raise BadValue(f"'{name}': '{called}' is also what a loss in it has; give the weight another name")


def _times(term: Term) -> str:
    weight = term.weight if isinstance(term.weight, str) else f"{term.weight:g}"
    return "" if weight == "1" else f"{weight} · "


def _domain(domains: Sequence[Domain]) -> Domain | None:
    """Return the targets for which all of the losses are defined."""
    if len(domains) < 2:
        return domains[0] if domains else None

    def violations(target: np.ndarray) -> np.ndarray:
        return np.asarray(np.any([domain.violations(target) for domain in domains], axis=0))

    described = " and ".join(dict.fromkeys(domain.description for domain in domains))
    return Domain(described, violations, "; ".join(dict.fromkeys(domain.advice for domain in domains)))
