"""A loss: one pure function and one frozen record about it.

    fn(raw, target, **parameters) -> per-sample loss
    raw     (..., batch, outputs)  float, raw network outputs; any leading dimensions (the fused models)
    target  (..., batch, outputs)  float where the record's encoding is "values"
            (..., batch)           int64 class index where it is "index"
    result  (..., batch); (...) for a loss that only exists for a whole batch

A per-sample loss sums over classes and averages over regression targets and over the pixels of an image, which is
the sample of a segmentation; averaging over samples is left to the engine.

Inside `fn` all arithmetic keeps the last axis of `raw` until the final reduction, so that a parameter may also be
a tensor of shape (..., 1, 1) with a value for each of the leading models. A loss that depends on how frequent the
classes are takes `prior` among its keywords: (..., 1, outputs), the share of each class or label in the training
rows.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lossbench.remark import Remark
from lossbench.spec import Parameter
from lossbench.task import TASKS, VALUED, Task

if TYPE_CHECKING:
    import torch

Link = Literal["identity", "softplus", "location", "sigmoid", "softmax", "clip", "signed", "margin", "embedding"]
"""How raw outputs become predictions.

- identity: the raw output is the predicted value (regression).
- softplus: the predicted value is positive: log(1 + exp(raw)), and at least POSITIVE (regression).
- location: the first half of the raw outputs are the predicted values, the rest say how wide their spread is.
- sigmoid:  probability = sigmoid(raw); positive where raw > 0.
- softmax:  probabilities = softmax(raw); class = argmax.
- clip:     raw estimates the probability itself, clipped to [0, 1]; positive where raw > 1/2.
- signed:   raw estimates 2p - 1, clipped; positive where raw > 0.
- margin:   raw is a decision value and says nothing about a probability; positive where raw > 0, or argmax.
- embedding: raw is where a row lies; what is predicted hangs on the rows that lie near.
"""

Head = Literal["linear", "cosine"]
"""What stands on an embedding: a layer, or the cosines between it and a vector for each class."""

Encoding = Literal["values", "index"]

POSITIVE = 1e-6
"""The smallest predicted value under the link softplus, so that its logarithm is finite; in units of the scale."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Properties of a loss as a function of its raw outputs, which tests check.

    A fact that is left out is stated to be false, and the tests check that too. A fact is True only where it holds
    for every allowed value of the parameters; `lipschitz` is for the defaults.

    Args:
        convex: convex in raw.
        bounded: the value stays below a constant for every raw output.
        differentiable: everywhere in raw.
        lipschitz: the largest size of the gradient in raw (Euclidean, one sample), or None where it is unbounded.
        symmetric: the value is the same when prediction and target change sides: for regression
            f(y + e, y) = f(y - e, y); for classification, when the classes are exchanged (for multilabel, present
            and absent).
        estimates: the minimiser of the expected loss: "mean", "median", "quantile tau", "probability" ...
        given: the parameters with which it estimates that, such as "epsilon = 0"; empty where all do.
        separable: a sum over outputs (a mean, for regression) of one term for each. Then `lipschitz` is that of
            one term; the sum over n outputs has √n times it.
        nonnegative: never below zero, as most losses are.
    """

    convex: bool = False
    bounded: bool = False
    differentiable: bool = False
    lipschitz: float | None = None
    symmetric: bool = False
    estimates: str
    given: str = ""
    separable: bool = False
    nonnegative: bool = True


separable = partial(Facts, separable=True)
"""The facts of a sum over outputs, or of a mean over regression targets."""

smooth = partial(Facts, differentiable=True, symmetric=True)
"""The facts of a loss that is differentiable and treats both signs of an error, or all classes, alike."""

smooth_terms = partial(smooth, separable=True)
"""Those of a sum, or a mean, of such terms."""


@dataclass(frozen=True)
class Domain:
    """Which targets a loss is defined for.

    Args:
        description: a few words, "targets away from zero".
        violations: maps targets in original units, (n, targets), to a mask (n,) of unusable rows.
        advice: what to use instead.
    """

    description: str
    violations: Callable[[np.ndarray], np.ndarray]
    advice: str


@dataclass(frozen=True)
class LossRecord:
    """Everything known about a loss on one task, apart from its parameters' values.

    Args:
        name: as the user writes it.
        task: the one task this record is about; a name that serves several tasks has a record for each.
        fn: the function, see the top of this module.
        link: how its raw outputs become predictions.
        encoding: how `fn` wants its target.
        head: what makes its raw outputs, where an embedding is learnt that the loss does not get itself.
        formula: in plain text, one line; empty for a custom loss.
        source: author, year, section; for a custom loss, where its code is.
        facts: its properties; None where nothing is known, as for a custom loss.
        range: of the values, in interval notation; needed where it is not [0, inf), and not without a lower bound.
        bottomless: True where the values have no lower bound.
        outputs_per_target: number of raw outputs for each class, label or regression target.
        parameters: what can be set.
        aliases: other names.
        core: True where the loss is among those compared when none is named.
        placebo: the loss that it equals, computed another way or up to a constant factor; None for a loss in its
            own right.
        slope: the derivative of `fn`, or None to leave that to autograd. It takes the arguments of `fn` and
            returns, in the shape of raw, the derivative of each sample's loss with respect to its raw outputs.
        flat: True where the slope is zero wherever there is one, so that no gradient moves a network.
        whole_batch: True where the loss only exists for a whole batch.
        prior: True where `fn` takes the class shares.
        natural_zero: True where the loss needs targets with their own zero (a relative error): it then receives
            target and raw divided by the target's scale, but not centred.
        domain: which targets it is defined for; None where all are.
        rescaling: parameters that, away from their defaults, change the scale of raw, which is then a decision
            value (link "margin") instead of what `link` says.
        receives: for a custom loss, what it is given and how its result is read.
        notes: for a custom loss, what a reader of the results must know about it.
        code: for a custom loss, a hash of its code and of how it is called.
        parts: for a sum of losses, its terms; empty for others.
        drift: for a custom loss, evaluates it so many times on the inputs of its trial, and says how a result
            differs; empty where none does.
    """

    name: str
    task: Task
    fn: Callable[..., torch.Tensor] = field(repr=False)
    link: Link
    encoding: Encoding
    formula: str
    source: str
    facts: Facts | None
    range: str = "[0, inf)"
    bottomless: bool = False
    outputs_per_target: int = 1
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    head: Head = "linear"
    core: bool = False
    placebo: str | None = None
    slope: Callable[..., torch.Tensor] | None = field(default=None, repr=False)
    flat: bool = False
    whole_batch: bool = False
    prior: bool = False
    natural_zero: bool = False
    domain: Domain | None = None
    rescaling: tuple[str, ...] = ()
    receives: str = ""
    notes: tuple[Remark, ...] = ()
    code: str = ""
    drift: Callable[[int], str] | None = field(default=None, repr=False)
    parts: tuple[Part, ...] = ()

    @property
    def summary(self) -> str:
        """The first line of the function's docstring; empty where a user's function has none."""
        return (self.fn.__doc__ or "").strip().partition("\n")[0]

    @property
    def interval(self) -> str:
        """The range of the values, in interval notation."""
        return "(-inf, inf)" if self.bottomless else self.range

    @property
    def headless(self) -> bool:
        """Whether it is given embeddings, and not the raw outputs of a head on top of them."""
        return self.link == "embedding"

    def width(self, targets: int) -> int:
        """Return the number of raw outputs for a number of classes, labels or targets.

        A binary data set has one target.
        """
        return self.outputs_per_target * targets


@dataclass(frozen=True)
class Part:
    """A term of a sum of losses.

    Args:
        record: of the loss.
        weight: a number above zero, or the name of a parameter of the sum.
        names: the names in the sum of the loss's parameters, in their order.
    """

    record: LossRecord
    weight: float | str
    names: tuple[str, ...]

    def factor(self, given: Mapping[str, Any]) -> Any:
        """Return the weight, given the parameters of the sum."""
        return given[self.weight] if isinstance(self.weight, str) else self.weight

    def own(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of the loss, given those of the sum, with the class shares if it takes them."""
        mine = zip(self.record.parameters, self.names, strict=True)
        prior = {"prior": given["prior"]} if self.record.prior and "prior" in given else {}
        return {parameter.name: given[name] for parameter, name in mine} | prior


AXES: Mapping[Task, str] = {
    "regression": "targets",
    "binary": "1",
    "multiclass": "classes",
    "multilabel": "labels",
    "segmentation": "pixels",
    "distribution": "targets",
    "anomaly": "columns",
    "embedding": "classes",
}
"""The last axis of a target of values, or of raw outputs for each class."""

_READ: Mapping[Link, str] = {
    "identity": "predictions f",
    "location": "means m of all targets, then s, which says how wide their spread is",
    "margin": "decision values z",
    "embedding": "embeddings e",
}


def docstring(own: str, records: Sequence[LossRecord]) -> str:
    """Return the whole docstring of a loss: the function's own text, and what its records add.

    Args:
        own: one line, what the records do not contain, and an example, to which `import torch` is added.
        records: of one function, one for each task that it serves.

    Example:
        >>> from lossbench.losses.regression import mae
        >>> print(mae.__doc__.partition("Args:")[2].partition("Example:")[0].strip())
        raw: (..., batch, targets) predictions f.
            target: (..., batch, targets) values y.
        <BLANKLINE>
        Returns:
            (..., batch), in [0, inf).
    """
    said, _, example = inspect.cleandoc(own).partition("Example:\n")
    first, _, more = said.partition("\n")
    widest = max(records, key=lambda record: TASKS.index(record.task))
    shape = "(...)" if widest.whole_batch else "(..., batch)"
    parts = [
        first,
        _by_task("formula", records),
        more.strip(),
        "\n".join(_wrapped(f"Source: {source}") for source in _by_task("source", records).splitlines()),
        "\n".join(["Args:", *(_wrapped(f"{name}: {text}.", 4) for name, text in _arguments(widest))]),
        f"Returns:\n    {shape}, in {widest.interval}.",
        f"Example:\n    >>> import torch\n{example}",
    ]
    return "\n\n".join(filter(None, parts))


def _by_task(name: str, records: Sequence[LossRecord]) -> str:
    """Return what records state under a name, one line per task where they differ."""
    texts = {record.task: getattr(record, name) for record in records}
    if len(set(texts.values())) == 1:
        return str(texts[records[0].task])
    return "\n".join(f"{text} ({task})" for task, text in texts.items())


def _arguments(record: LossRecord) -> Iterator[tuple[str, str]]:
    """Yield each argument of a loss with its shape and meaning."""
    axis = "numbers" if record.headless else AXES[record.task]
    outputs = f"{record.outputs_per_target} · {axis}" if record.outputs_per_target > 1 else axis
    read = "cosines c" if record.head == "cosine" else _READ.get(record.link, "raw outputs z")
    yield "raw", f"(..., batch, {outputs}) {read}"
    if record.encoding == "index":
        yield "target", "(..., batch) int64 index of the true class"
    elif record.task == "anomaly":
        yield "target", f"(..., batch, {axis}) from 0 to 1"
    elif record.task in VALUED:
        yield "target", f"(..., batch, {axis}) values y{f'; {record.domain.description}' if record.domain else ''}"
    else:
        yield "target", f"(..., batch, {axis}) of 0 and 1"
    if record.prior:
        whose = "positives" if record.task == "binary" else "each class"
        yield "prior", f"(..., 1, {axis}) share of {whose} in the training rows, in (0, 1)"
    for parameter in record.parameters:
        yield parameter.name, parameter.description


def _wrapped(text: str, indent: int = 0) -> str:
    first, later = " " * indent, " " * (indent + 4)
    return textwrap.fill(text, 100, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
