"""A trial call of a user's loss before anything is trained: what it returns, and what is wrong with it.

It sees the shapes of the task, in single precision as in training. What depends on the task (an exception, a wrong
shape, a value that is not finite) means that the loss does not fit it. What is wrong on every task (no gradient,
modified inputs, randomness, an ignored target) means that it cannot be used.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lossbench.errors import LossDoesNotFit, LossFailed, LossLeavesTorch, LossMisbehaves, WrongTask
from lossbench.lazy import torch
from lossbench.losses.custom.calls import Call, Gives, alike, alone, differentiated
from lossbench.losses.custom.conventions import Convention
from lossbench.losses.custom.source import in_one_line
from lossbench.remark import Remark, Topic
from lossbench.task import VALUED

MODELS = 2

PRECISION = re.compile("scalar type|dtype|result type", re.IGNORECASE)
"""In what torch raises where a tensor has another precision than those beside it."""

RANGE = re.compile("out of bounds|out of range(?! .expected to be in range)|Class values must be")
"""In what torch raises where a class index is that of no class; the other range is that of dimensions."""

ANYTHING_ELSE = "if it wants anything else, state @gets, @target or @link"
"""The advice where nothing is known to mend a fault."""


def draw(convention: Convention, targets: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return raw outputs (models, rows, outputs) and targets to try a loss on.

    There are more rows than outputs, so that no axis is mistaken for another, and every class occurs. Embeddings
    have more classes than dimensions, so that no dimension is mistaken for the score of a class, and two rows of
    each class.
    """
    rng = np.random.default_rng(0)
    outputs = convention.outputs_per_target * targets
    rows = outputs + 4
    classes_there = outputs
    if convention.link == "embedding":
        classes_there, rows = outputs + 2, 2 * (outputs + 2)
    raw = torch.as_tensor(rng.normal(size=(MODELS, rows, outputs)), dtype=torch.float32)
    if convention.encoding == "index":
        classes = np.resize(np.arange(classes_there), (MODELS, rows))
        return raw, torch.as_tensor(rng.permuted(classes, axis=1))
    if convention.task in VALUED:
        values = rng.normal(size=(MODELS, rows, targets))
        values = np.abs(values) + 0.5 if convention.link == "softplus" else values
    elif convention.task == "anomaly":
        values = rng.uniform(size=(MODELS, rows, targets))
    else:
        # Both values occur in every label: alternating along the rows, then shuffled.
        values = rng.permuted(np.resize([0.0, 1.0], (MODELS, targets, rows)), axis=2).swapaxes(1, 2)
    return raw, torch.as_tensor(values, dtype=torch.float32)


@dataclass(frozen=True)
class Probe:
    """A loss on trial, with the data that it is tried on.

    Args:
        name: as the user wrote it.
        call: the loss as a function of prediction and target, its parameters set.
        convention: what it gets.
        raw: (batch, outputs).
        target: as the engines have it.
    """

    name: str
    call: Call
    convention: Convention
    raw: torch.Tensor
    target: torch.Tensor

    def gives(self) -> Gives:
        """Return what kind of result the loss returns, and refuse one that is no loss.

        Raises:
            WrongTask: on this task it raises, or its result is no loss.
            LossMisbehaves: it cannot be used on any task.
        """
        gives = self._kind(self._first_value())
        loss = alone(self.call, self.convention, gives)
        value, gradient = self._differentiated(loss, self.target)
        if not bool(value.isfinite().all() and gradient.isfinite().all()):
            raise self._misfit("its value or its gradient is NaN or infinite on ordinary raw outputs")
        if not bool(gradient.any()):
            raise self._misfit("its gradient is zero for every raw output, so that nothing could be learnt")
        if not torch.equal(value, self._differentiated(loss, self.target)[0]):
            raise self._failed(
                "gives another value when it is called again, by chance or by a state that it keeps; let it "
                "depend on prediction and target alone"
            )
        if all(self._leads_to(gradient, loss, other) for other in self._other_targets()):
            raise self._failed(
                "has the same gradient whatever the target is, so that nothing could be learnt from the data"
            )
        return gives

    def _other_targets(self) -> Iterator[torch.Tensor]:
        """Yield targets that differ in every row, then targets that differ only in the first."""
        if self.convention.encoding == "index":
            other = (self.target + 1) % self.raw.shape[-1]  # for embeddings, this merges two classes
        elif self.convention.task in VALUED:
            other = 2 * self.target.roll(1, 0) + 0.5  # also in other units, and positive where the target is
            far = 10 * self.target.abs().max()
            yield self.target + far  # a loss of ranks may only look at which values are above and which below
            if self.convention.link != "softplus":
                yield self.target - far
        else:
            other = 1 - self.target
        yield other
        yield torch.cat([other.flatten()[:1], self.target.flatten()[1:]]).view_as(other)

    def _leads_to(self, gradient: torch.Tensor, loss: Call, target: torch.Tensor) -> bool:
        """Say whether another target gives the same gradient; False where the loss refuses it."""
        try:
            return torch.equal(gradient, self._differentiated(loss, target)[1])
        except LossFailed:
            return False

    def notes(self, gives: Gives) -> Iterator[Remark]:
        """Yield what is suspicious about a loss that can be used."""
        loss = alone(self.call, self.convention, gives)
        fault = self._on_one_row(loss, gives)
        if fault:
            yield Topic.SINGLE_ROW(fault=fault)
        # Some losses call autograd themselves, and so need raw outputs that require a gradient.
        value, exchanged = (self._differentiated(loss, y)[0].sum() for y in (self.target, self.target.roll(1, 0)))
        meant = self.convention.task == "distribution"
        if not meant and alike(value, exchanged, 1e-5, 1e-7):
            yield Topic.ANY_ORDER()
        if self._clamps(loss):
            yield Topic.CLAMPED()

    def _first_value(self) -> torch.Tensor:
        """Return the value of a first call; refuse one without a gradient, or one that modified its inputs."""
        # Changing a leaf tensor in place would fail with a message about autograd.
        raw = self.raw.clone().requires_grad_() * 1
        given = self.convention.prediction(raw), self.convention.seen(self.target.clone(), raw)
        before = [one.detach().clone() for one in given]
        try:
            value: Any = self.call(*given)
        except LossLeavesTorch:
            raise  # whatever it is given
        except LossFailed as error:
            raise self._misfit(self._fault(error)) from error
        if inspect.iscoroutine(value):
            value.close()  # else Python warns that it was never awaited
        if not torch.is_tensor(value):
            raise self._failed(f"returned {came_back(value)}")
        if not all(map(torch.equal, (one.detach() for one in given), before)):
            raise self._failed("changes its prediction or its target in place; let it work on a copy")
        if not value.requires_grad:
            raise self._failed(
                "has no gradient: its result is cut off from the prediction (detach, item, numpy, argmax or a "
                "comparison), so that nothing could be learnt"
            )
        return value

    def _kind(self, value: torch.Tensor) -> Gives:
        """Tell the kind of a result by its shape."""
        rows, outputs = self.raw.shape
        shape = tuple(value.shape)
        widths = {1, outputs, outputs // self.convention.outputs_per_target}
        if shape == ():
            return "batch"
        if shape == (rows,):
            return "sample"
        if len(shape) == 2 and shape[0] == rows and shape[1] in widths:
            return "output"
        if self.convention.images and shape[:1] == (rows,) and value[0].numel() == outputs:
            return "output"
        hint = "; that is what shapes (batch) and (batch, 1) are broadcast to" if shape == (rows, rows) else ""
        raise self._misfit(
            f"it returned shape {shape}{hint}; a loss returns ({rows},), a value a row, ({rows}, {outputs}), a "
            "value an output, or (), one number for the batch"
        )

    def _differentiated(self, loss: Call, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        try:
            value, gradient = differentiated(loss, self.raw, target)
        except RuntimeError as error:
            raise self._failed(f"has no gradient that can be computed: {in_one_line(error)}") from error
        if gradient is None:
            raise self._failed("does not depend on the prediction, so that nothing could be learnt")
        return value, gradient

    def _on_one_row(self, loss: Call, gives: Gives) -> str:
        """Say what is wrong with a batch of one row; empty where nothing is."""
        try:
            with warnings.catch_warnings(action="ignore"):  # the fault itself is reported
                value, gradient = differentiated(loss, self.raw[:1], self.target[:1])
        except (LossFailed, RuntimeError, IndexError) as error:
            return self._fault(error)
        whole = gives == "batch" or self.convention.link == "embedding"
        if value.shape != (() if whole else (1,)):
            return f"it returns shape {tuple(value.shape)}"
        finite = bool(value.isfinite().all()) and (gradient is None or bool(gradient.isfinite().all()))
        return "" if finite else "it is NaN or infinite"

    @staticmethod
    def _fault(error: Exception) -> str:
        return f"it {error.fault}{error.where}" if isinstance(error, LossMisbehaves) else f"it {error}"

    def _misfit(self, fault: str) -> WrongTask:
        rows, outputs = self.raw.shape
        mend = self._mend(fault)
        wanted = () if mend else self._wanted()
        state = f"with {''.join(wanted)} it runs" if wanted else ANYTHING_ELSE
        more = f"It was given {self.convention}, with {rows} rows and {outputs} outputs; {mend or state}"
        return WrongTask(f"'{self.name}'", self.convention.task, fault, more, wanted)

    def _mend(self, fault: str) -> str:
        """Say how to mend the constant or the label that a fault names; empty where it names none."""
        index = self.convention.encoding == "index"
        if PRECISION.search(fault):
            labels = ", and a class index is int64" * index
            return f"raw outputs are float32{labels}: give constants that precision, as weight.to(raw.dtype)"
        if index and RANGE.search(fault):
            return f"classes are numbered from 0 to {int(self.target.max())}: take them as they are"
        return ""

    def _wanted(self) -> tuple[str, ...]:
        """Return statements that would make the loss run; empty where there are none, or such are made already."""
        told = self.convention.gets == "probability" or self.convention.target == "onehot"
        if told or self.convention.link == "embedding":
            return ()
        gets: dict[str, Any] = {"gets": "probability"} if self._may_get_probabilities else {}
        sees: dict[str, Any] = {"target": "onehot"} if self.convention.target == "index" else {}
        for stated in filter(None, (gets, sees, gets | sees)):
            with suppress(LossFailed, LossDoesNotFit):
                if replace(self, convention=replace(self.convention, **stated))._leads():
                    return tuple(f":@{key}={value}" for key, value in stated.items())
        return ()

    def _leads(self) -> bool:
        """Say whether right raw outputs cost less than wrong ones, and do not pay without end as they grow."""
        loss = alone(self.call, self.convention, self.gives())
        columns = torch.arange(self.raw.shape[-1])
        right = self.target[:, None] == columns if self.convention.encoding == "index" else self.target > 0.5
        sizes = (-1.0, 1.0, 2.0, 4.0, 8.0)
        cost = [float(loss(size * (2.0 * right - 1), self.target).mean()) for size in sizes]
        return cost[1] < cost[0] and cost[3] - cost[4] <= max(0.0, (cost[2] - cost[3]) / 2)

    @property
    def _may_get_probabilities(self) -> bool:
        return self.convention.task not in VALUED and self.convention.link in ("sigmoid", "softmax")

    def _clamps(self, loss: Call) -> bool:
        """Say whether the gradient is zero exactly where a raw output is no probability."""
        if self.convention.gets == "probability" or not self._may_get_probabilities:
            return False
        raw = torch.linspace(-2, 3, self.raw.numel()).view_as(self.raw)
        gradient = differentiated(loss, raw, self.target)[1]
        inside = (raw > 0) & (raw < 1)
        return gradient is not None and bool(gradient[inside].any()) and not bool(gradient[~inside].any())

    def _failed(self, fault: str) -> LossMisbehaves:
        return LossMisbehaves(self.name, fault)


def came_back(value: object) -> str:
    """Say what a loss returned instead of a tensor, and what to do about it.

    Example:
        >>> came_back({"loss": torch.ones((), requires_grad=True)})
        "a dict with the keys loss; a loss returns one tensor: return that of the loss alone, as result['loss']"
    """
    kind = type(value).__name__
    if isinstance(value, Mapping):
        keys = ", ".join(map(str, value)) or "none"
        said, advice = f"a {kind} with the keys {keys}", _which(value)
    elif isinstance(value, tuple | list):
        parts = " and ".join(_described(part) for part in value)
        said, advice = f"a {kind} of {parts or 'nothing'}", _which(dict(enumerate(value)))
    elif isinstance(value, np.ndarray):
        said, advice = "a numpy array, which has no gradient", "it as torch computes it, without numpy()"
    elif isinstance(value, int | float | np.generic):
        said, advice = f"{kind}, a number without a gradient", "it as torch computes it, without item() or float()"
    elif inspect.iscoroutine(value):
        said, advice = "a coroutine, as what is defined by async def does", "the value, from a plain def"
    else:
        said = "nothing (None)" if value is None else kind
        advice = "the value, computed with torch from the prediction"
    return f"{said}; a loss returns one tensor: return {advice}"


def _which(parts: Mapping[Any, object]) -> str:
    """Say which of several parts is the loss: the only number with a gradient, if there is only one."""
    tensors = {key: part for key, part in parts.items() if isinstance(part, torch.Tensor)}
    numbers = [key for key, part in tensors.items() if part.dim() == 0 and part.requires_grad]
    if len(numbers) == 1:
        return f"that of the loss alone, as result[{numbers[0]!r}]"
    shapes = {tuple(part.shape) for part in tensors.values()}
    if len(tensors) == len(parts) == 2 and len(shapes) == 1 and not numbers:
        return "the loss alone; if these are its gradient and Hessian, that of which they are the derivatives"
    return "that of the loss alone"


def _described(part: object) -> str:
    return f"a tensor {tuple(part.shape)}" if torch.is_tensor(part) else f"a {type(part).__name__}"
