"""A loss with values for its parameters: `get_loss` returns it and the engines evaluate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from lossbench.errors import BadValue, UnknownName, UsageError, WrongTask
from lossbench.lazy import torch
from lossbench.losses.composed.grammar import is_sum, terms_of
from lossbench.losses.composed.inside import losses_in
from lossbench.losses.composed.record import agree, differ, sum_record
from lossbench.losses.composed.scaled import FACTOR, SCALED, is_scaled, scaled_record, split_scaled
from lossbench.losses.custom.candidate import Candidate, registered, remember
from lossbench.losses.custom.conventions import check_none_left, split_loss
from lossbench.losses.custom.record import agreed_task, custom_loss
from lossbench.losses.custom.register import check_name
from lossbench.losses.record import Facts, Link, LossRecord
from lossbench.losses.registry import all_known, core_losses, find, served
from lossbench.spec import numbers, title
from lossbench.task import TASKS, VALUED, Task

if TYPE_CHECKING:
    from lossbench.losses.module import MeanLoss


@dataclass(frozen=True)
class Loss:
    """A record with values for its parameters.

    Args:
        spec: the loss as the user named it, such as "huber:delta=1.35".
        parameters: a value for each parameter of the record; equal specs have equal values.
        targets: number of targets, classes or labels that a custom loss was tried with; None for a usual number.

    Example:
        >>> import torch
        >>> get_loss("huber", "regression")
        Loss(huber:delta=1, task=regression)
        >>> get_loss("mae", "regression")(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 0.0]))
        tensor([1., 3.])
    """

    record: LossRecord
    spec: str
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    targets: int | None = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        return f"Loss({self.label}, task={self.task})"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a spec: functions of a user's file cannot be imported by name in another process."""
        found = (registered(one.partition(":")[0]) for one in losses_in(self.spec))
        return _restored, (self.spec, self.task, self.targets, tuple(filter(None, found)))

    def __call__(self, raw: torch.Tensor, target: torch.Tensor, prior: torch.Tensor | None = None) -> torch.Tensor:
        """Return the per-sample loss, after checking that target and raw outputs match.

        Args:
            raw: (..., batch, outputs), floating point.
            target: for class-index losses (..., batch) integer; else the shape of `raw`, or without its last
                axis where there is one output. Binary and multilabel targets are 0 or 1, those of anomaly lie
                between. A loss with several outputs per target needs fewer targets than outputs.
            prior: (outputs,) or (..., 1, outputs), the share of each class or label in the training rows; only for
                a loss that depends on it.

        Returns:
            (..., batch), in the dtype of `raw`; (...) for a loss that only exists for a whole batch.

        Raises:
            BadValue: a shape, a dtype or a class that does not match. Nothing is ever broadcast.
        """
        if not (torch.is_tensor(raw) and torch.is_tensor(target)):
            raise BadValue(f"loss '{self.name}' wants torch tensors; convert with torch.as_tensor")
        _check_raw(self.record, raw)
        encode = _as_index if self.record.encoding == "index" else _as_values
        return self.per_sample(raw, encode(self.record, raw, target), **_given_prior(self.record, prior))

    def per_sample(self, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor) -> torch.Tensor:
        """Return the per-sample loss without any check; for engines, which encode targets once.

        Args:
            raw: (..., batch, outputs), floating point.
            target: as the record's `encoding` says, see `lossbench.losses.record`.
            **prior: the shares of the classes by the name `prior`, where the record asks for them.

        Returns:
            (..., batch); (...) for a loss that only exists for a whole batch.
        """
        return self.record.fn(raw, target, **prior, **self.parameters)

    def module(self, prior: Sequence[float] | torch.Tensor | None = None) -> MeanLoss:
        """Return the loss as a `torch.nn.Module` with mean reduction, for your own training loop.

        It is called with the raw outputs of the network, (batch, outputs), without sigmoid or softmax; one output
        may also be (batch,). Regression targets are floats, (batch,), (batch, 1) or (batch, targets); divide them
        by their standard deviation if the parameters are meant in that unit, as in every run of lossbench, but do
        not centre them for a relative error or for positive targets. Binary targets are 0 and 1, (batch,) or
        (batch, 1), of any dtype; multiclass targets are class indices, (batch,) integer; multilabel targets are 0
        and 1, (batch, labels); masks are 0 and 1 in the shape of the raw outputs, (batch, 1, height, width) or
        (batch, pixels).

        Args:
            prior: the share of each class, or of the positives, in the training rows, (outputs,) in (0, 1); only
                for a loss that depends on it.

        Raises:
            BadValue: a loss that depends on class shares gets none, or another loss gets some.

        Example:
            >>> import torch
            >>> get_loss("bce", "binary").module()(torch.zeros(4), torch.tensor([0, 1, 1, 0]))
            tensor(0.6931)
        """
        from lossbench.losses.module import MeanLoss

        return MeanLoss(self, prior)

    @property
    def title(self) -> str:
        """Its name in tables: the label that the user states, or else the spec."""
        return title(self.spec)

    @property
    def label(self) -> str:
        """The name with every parameter, defaults included, since these differ between libraries."""
        values = [f"{key}={value!r}".removesuffix(".0") for key, value in self.parameters.items()]
        if self.name == SCALED:
            values.insert(1, f"loss={self.record.placebo}")  # the factor's own, then the other loss's
        return ":".join((self.name, *values))

    @property
    def name(self) -> str:
        """The name in the catalogue, aliases resolved; of a custom loss, with what is fixed in it."""
        return self.record.name

    @property
    def task(self) -> Task:
        """The task that the loss is made for."""
        return self.record.task

    @property
    def link(self) -> Link:
        """How raw outputs become predictions, with these parameters."""
        defaults = {p.name: p.default for p in self.record.parameters}
        moved = any(self.parameters[name] != defaults[name] for name in self.record.rescaling)
        return "margin" if moved else self.record.link

    @property
    def formula(self) -> str:
        """The loss of one sample, in plain text."""
        return self.record.formula

    @property
    def source(self) -> str:
        """Who published it, when and where."""
        return self.record.source

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of the loss."""
        return self.record.aliases

    @property
    def facts(self) -> Facts | None:
        """What is known about its shape; None for a custom loss."""
        return self.record.facts

    @property
    def summary(self) -> str:
        """One line about it."""
        return self.record.summary


def get_loss(spec: str, task: Task | None = None, targets: int | None = None) -> Loss:
    """Return the loss that a spec names.

    Args:
        spec: a name or alias, with parameters where wanted: "huber:delta=1.35"; a custom loss, as
            "my_losses.py:my_loss", "torch.nn:SmoothL1Loss:beta=0.5", or by the name it was registered under; or a
            sum of such, as "sum:bce+0.5*dice" (`lossbench.losses.composed.grammar`).
        task: may be omitted where the name serves one task only.
        targets: number of targets, classes or labels that a custom loss is tried with; None for a usual number.

    Raises:
        UnknownName: no such loss, task or parameter.
        LossDoesNotFit: the loss does not serve the task.
        LossFailed: a custom loss that cannot be used.
        BadValue: a parameter out of its range, or several tasks and none stated.

    Example:
        >>> loss = get_loss("huber:delta=1.35")
        >>> loss.task, loss.link, dict(loss.parameters)
        ('regression', 'identity', {'delta': 1.35})
    """
    if is_scaled(spec):
        return _scaled_loss(spec, task, targets)
    name, given, stated = split_loss(spec)
    if "label" in stated:
        check_name(stated.pop("label"))
    if is_sum(name) and not all_known(name):
        return _own_sum(spec, name, given, stated, task, targets)
    if not (is_sum(name) or served(name)):
        record, values = custom_loss(spec, name, given, stated, task, targets)
        return Loss(record, spec, values, targets)
    record = find(name, agreed_task(spec, stated.pop("task", None), task))
    check_none_left(stated, f"built-in '{spec}'")
    return Loss(record, spec, numbers(spec, given, record.parameters))


def _own_sum(
    spec: str,
    name: str,
    given: Mapping[str, str],
    stated: dict[str, str],
    task: Task | None,
    targets: int | None,
) -> Loss:
    """Return a sum in which some losses are not bare names of the catalogue."""
    task = agreed_task(spec, stated.pop("task", None), task)
    check_none_left(stated, f"'{spec}', whose losses say in parentheses what they read")
    if task is None:
        raise BadValue(f"'{spec}' is not of the catalogue: state the task it is for, one of {', '.join(TASKS)}")
    terms = terms_of(name)
    record = _record_of(name, tuple(_part(name, term.loss, task, targets) for term in terms))
    try:
        return Loss(record, spec, numbers(spec, given, record.parameters), targets)
    except UnknownName as error:
        raise _with(error, after="; what belongs to one loss alone stands with it, (LOSS:KEY=VALUE)") from None


def _part(name: str, spec: str, task: Task, targets: int | None) -> LossRecord:
    """Return the record of a loss in a sum, with the given values as its defaults."""
    try:
        loss = get_loss(spec, task, targets)
    except WrongTask as error:
        raise WrongTask(f"'{name}'", task, f"of '{spec}' in it: {error.fault}") from None
    except UsageError as error:
        raise _with(error, before=f"'{name}': ") from None
    values = (replace(one, default=loss.parameters[one.name]) for one in loss.record.parameters)
    return replace(loss.record, parameters=tuple(values))


def _with(error: UsageError, before: str = "", after: str = "") -> UsageError:
    """Return an error with text before and after its message."""
    error.args = (f"{before}{error.args[0]}{after}",)
    return error


@cache
def _record_of(name: str, records: tuple[LossRecord, ...]) -> LossRecord:
    """Return the record of a sum; the same object for the same losses."""
    if not agree(records):
        raise WrongTask(f"'{name}'", records[0].task, differ(records))
    return sum_record(name, terms_of(name), records)


def _scaled_loss(spec: str, task: Task | None, targets: int | None) -> Loss:
    """Return a constant times the loss that the spec names after `loss=`, or times the reference loss."""
    outer, inner = split_scaled(spec)
    _, given, stated = split_loss(outer)
    label = stated.pop("label", None)
    if label is not None:
        check_name(label)
    task = agreed_task(spec, stated.pop("task", None), task)
    check_none_left(stated, f"'{outer}', before loss=")
    other = _multiplied(spec, inner, task, targets)
    if label is not None and other.title != other.spec:
        raise BadValue(f"'{spec}' gives @label twice, before loss= and behind it; keep one")
    parameters = {**numbers(spec, given, (FACTOR,)), **other.parameters}
    return Loss(scaled_record(other.record), spec, parameters, targets)


def _multiplied(spec: str, inner: str, task: Task | None, targets: int | None) -> Loss:
    """Return the loss after `loss=`, or the reference loss of the task where there is none."""
    if not inner:
        if task is None:
            raise BadValue(
                f"'{spec}' is a constant times the reference loss of a task; state one, or add :loss=NAME"
            )
        inner = core_losses(task)[0]
    name, given, _ = split_loss(inner)
    if served(name) and FACTOR.name in given:
        raise BadValue(f"'{spec}': {FACTOR.name} stands before loss=, since all behind it is of '{name}'; move it")
    other = get_loss(inner, task, targets)
    if FACTOR.name in other.parameters:
        raise BadValue(f"'{spec}': '{inner}' has a factor of its own; multiply a loss that has none")
    return other


def _restored(spec: str, task: Task, targets: int | None, candidates: tuple[Candidate, ...]) -> Loss:
    """Unpickle a loss from another process, which may have registered it or its parts."""
    for candidate in candidates:
        remember(candidate)
    return get_loss(spec, task, targets)


def _check_raw(record: LossRecord, raw: torch.Tensor) -> None:
    """Refuse raw outputs that the loss cannot read."""
    if not raw.is_floating_point() or raw.dim() < 2:
        raise BadValue(
            f"loss '{record.name}': raw outputs are {raw.dtype} of shape {tuple(raw.shape)}; "
            "give floating-point numbers of shape (..., batch, outputs)"
        )
    binary, outputs = record.task == "binary", raw.shape[-1]
    least = 2 if record.encoding == "index" else record.width(1)
    uneven = outputs % record.outputs_per_target
    if outputs < least or uneven or (binary and outputs > least):
        wanted = f"a multiple of {record.outputs_per_target}" if uneven else f"at least {least}"
        wanted = f"{least}" if binary else wanted
        raise BadValue(
            f"loss '{record.name}' on a {record.task} task: raw has shape {tuple(raw.shape)}; "
            f"the last axis must be the outputs, {wanted} of them"
        )


def _given_prior(record: LossRecord, prior: torch.Tensor | None) -> dict[str, torch.Tensor]:
    """Return the shares of the classes as a keyword, where the loss wants them."""
    if record.prior and prior is None:
        raise BadValue(f"loss '{record.name}' depends on the shares of the classes; give them: prior=tensor")
    if prior is not None and not record.prior:
        raise BadValue(f"loss '{record.name}' does not depend on the shares of the classes; leave prior out")
    return {} if prior is None else {"prior": prior}


def _as_index(record: LossRecord, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return class indices as int64; refuse one out of range, which would silently count as no class."""
    if target.is_floating_point() or target.dtype == torch.bool:
        raise BadValue(f"loss '{record.name}' wants class indices, but target is {target.dtype}; give integers")
    if target.shape != raw.shape[:-1]:
        raise _shapes_differ(record, raw, target, tuple(raw.shape[:-1]))
    classes = raw.shape[-1]
    if record.headless:  # its outputs are no classes
        return target.long()
    if bool(((target < 0) | (target >= classes)).any()):
        raise BadValue(
            f"loss '{record.name}': target has classes from {int(target.min())} to {int(target.max())}, "
            f"but raw has {classes} outputs; give indices from 0 to {classes - 1}"
        )
    return target.long()


def _as_values(record: LossRecord, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return targets in the dtype of the raw outputs, one for each of `outputs_per_target` of these."""
    targets = raw.shape[-1] // record.outputs_per_target
    if targets == 1 and target.shape == raw.shape[:-1]:
        target = target.unsqueeze(-1)
    if target.shape != (*raw.shape[:-1], targets):
        raise _shapes_differ(record, raw, target, (*raw.shape[:-1], targets))
    if record.task == "anomaly" and not bool(((target >= 0) & (target <= 1)).all()):
        raise BadValue(f"loss '{record.name}' on a {record.task} task wants targets from 0 to 1; scale the target")
    if record.task not in (*VALUED, "anomaly") and not bool(((target == 0) | (target == 1)).all()):
        raise BadValue(f"loss '{record.name}' on a {record.task} task wants targets of 0 and 1; recode the target")
    return target.to(raw.dtype)


def _shapes_differ(
    record: LossRecord, raw: torch.Tensor, target: torch.Tensor, wanted: tuple[int, ...]
) -> BadValue:
    return BadValue(
        f"loss '{record.name}': raw has shape {tuple(raw.shape)} and target {tuple(target.shape)}; broadcasting "
        f"is refused, since it would pair every target with every output; give a target of shape {wanted}"
    )
