"""How a custom loss is called: what it gets, what it gives, and how it is mapped over the models.

    raw    f(raw, target, **parameters), recognised by the names of its first two parameters, is handed all models
           at once: raw (..., batch, outputs) and the target as in `lossbench.losses.record`.
    pair   Everything else that can be called as f(prediction, target), a torch.nn.Module too, is handed one model:
           prediction (batch, outputs) and its target. It is mapped over the models. Of a segmentation it is handed
           images, prediction and target (batch, 1, side, side).

Of a class, an instance is made first; the parameters of the spec are its constructor's, else the function's.

What is stated, in a spec as `:@key=value`, wins over what is recognised:

    @convention   raw, pair
    @link         how raw outputs become predictions, see `lossbench.losses.record`; by default identity for
                  regression, sigmoid for binary and multilabel, softmax for multiclass, embedding for
                  embedding: the loss sees embeddings (batch, numbers), with any other one the outputs of a head
    @gets         raw (the raw outputs, the default), probability (through the link sigmoid or softmax), or
                  prediction (through softplus, where it is the default of a pair)
    @target       values (float, of the shape of the outputs), index (int64 class index, without the last axis) or
                  onehot (float); by default index where the link is softmax over exclusive classes, else values
    @task         the only task that it is for
    @label        what it is called in tables

The prediction comes first, unless the names of the first two parameters say otherwise, as (y_true, y_pred) do.

The result may be a value a sample (batch,), a value an output (batch, outputs), which is then averaged over
regression targets and pixels and summed over classes and labels, or one number for the batch. A trial call shows
which it is, see `lossbench.losses.custom.probe`.
"""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import numpy as np

from lossbench.errors import BadValue, LossMisbehaves, UnknownName, WrongTask
from lossbench.lazy import torch
from lossbench.losses.record import AXES, POSITIVE, Encoding, Head, Link
from lossbench.spec import split_spec
from lossbench.task import VALUED, Task

Form = Literal["raw", "pair"]
Gets = Literal["raw", "probability", "prediction"]
Sees = Literal["values", "index", "onehot"]

LINKS: Mapping[Task, tuple[Link, ...]] = {
    "regression": ("identity", "softplus", "location"),
    "distribution": ("identity",),
    "binary": ("sigmoid", "softmax", "clip", "signed", "margin"),
    "multiclass": ("softmax", "sigmoid", "clip", "signed", "margin"),
    "multilabel": ("sigmoid", "softmax", "clip", "signed", "margin"),
    "segmentation": ("sigmoid", "clip", "signed", "margin"),
    "anomaly": ("sigmoid", "clip"),
    "embedding": ("embedding", "softmax", "sigmoid", "clip", "signed", "margin"),
}
"""The links that make sense for a task; the first is taken where none is stated."""

STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "convention": get_args(Form),
    "gets": get_args(Gets),
    "target": get_args(Sees),
    "link": get_args(Link),
}
"""What may be stated, beside the task and the label."""

KEYS = (*STATEMENTS, "task", "label")
"""All that may be stated."""

_WITHOUT_COLON = re.compile(f"[^:](@(?:{'|'.join(KEYS)})=)")


def split_loss(spec: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """Split the spec of a loss into name, parameters and statements, these by key without the @.

    Raises:
        BadValue: a key is given twice, the name is empty, or a statement has no colon before it.

    Example:
        >>> split_loss("my_losses.py:f:alpha=2:@target=onehot")
        ('my_losses.py:f', {'alpha': '2'}, {'target': 'onehot'})
    """
    slip = _WITHOUT_COLON.search(spec)
    if slip:
        raise BadValue(f"'{spec}': a colon belongs before {slip[1]}; write :{slip[1]}")
    name, given = split_spec(spec)
    return name, given, {key[1:]: given.pop(key) for key in list(given) if key.startswith("@")}


def check_none_left(stated: Mapping[str, str], where: str) -> None:
    """Refuse what, beside task and label, is stated about a loss that has a convention of its own."""
    if stated:
        raise UnknownName("statement", f"@{next(iter(stated))}", ("@label", "@task"), where)


RAW: Mapping[Head, str] = {"linear": "raw outputs", "cosine": "cosines of embeddings and class vectors"}
"""What raw outputs are called, by what makes them."""


@dataclass(frozen=True)
class Convention:
    """What a loss gets on a task.

    Args:
        task: what is predicted.
        convention: "raw" for all models at once, "pair" for one at a time.
        link: how raw outputs become predictions.
        gets: raw outputs, or the probabilities or positive predictions they stand for.
        target: the form of the target.
        target_first: True where it is called with the target before the prediction.
        head: what raw outputs are made by.
    """

    task: Task
    convention: Form
    link: Link
    gets: Gets
    target: Sees
    target_first: bool = False
    head: Head = "linear"

    @property
    def encoding(self) -> Encoding:
        """How the engines hand the target over."""
        return "values" if self.target == "values" else "index"

    @property
    def outputs_per_target(self) -> int:
        """Number of raw outputs for each class, label or regression target."""
        return 2 if self.link == "location" or (self.task == "binary" and self.link == "softmax") else 1

    @property
    def images(self) -> bool:
        """Whether the loss is handed images, and not their pixels in a row."""
        return self.task == "segmentation" and self.convention == "pair"

    def prediction(self, raw: torch.Tensor) -> torch.Tensor:
        """Return what the loss gets instead of raw outputs (..., batch, outputs): of their shape, or images."""
        raw = as_images(raw) if self.images else raw
        if self.gets == "raw":
            return raw
        if self.gets == "prediction":
            return torch.nn.functional.softplus(raw) + POSITIVE
        return raw.sigmoid() if self.link == "sigmoid" else raw.softmax(-1)

    def seen(self, target: torch.Tensor, raw: torch.Tensor) -> torch.Tensor:
        """Return what the loss gets as target: (..., batch, outputs) where one-hot, images, else as it is."""
        if self.images:
            return as_images(target)
        if self.target != "onehot":
            return target
        # Compared, not scattered: torch.func.vmap knows a comparison in every version.
        return (target.unsqueeze(-1) == torch.arange(raw.shape[-1], device=raw.device)).to(raw.dtype)

    def __str__(self) -> str:
        axis = AXES[self.task]
        axes = axis if self.outputs_per_target == 1 else "2" if self.task == "binary" else f"2 · {axis}"
        axis, axes = ("1, side, side",) * 2 if self.images else (axis, axes)
        batch = "..., batch" if self.convention == "raw" else "batch"
        kind = "probabilities" if self.gets == "probability" else "predictions"
        given = RAW[self.head] if self.gets == "raw" else f"{kind}, {self.link} of the raw outputs,"
        if self.link == "embedding":
            given, axes = "embeddings", "numbers"
        between = {**dict.fromkeys(VALUED, ""), "anomaly": "from 0 to 1 "}.get(self.task, "of 0 and 1 ")
        targets = {
            "index": f"class index ({batch})",
            "onehot": f"one-hot target ({batch}, {axes})",
            "values": f"target {between}({batch}, {axis})",
        }
        both = [f"{given} ({batch}, {axes})", targets[self.target]]
        return " and ".join(reversed(both) if self.target_first else both)


def as_images(pixels: torch.Tensor) -> torch.Tensor:
    """Return square images (..., 1, side, side) from their pixels, line by line, (..., pixels)."""
    side = math.isqrt(pixels.shape[-1])
    return torch.unflatten(pixels, -1, (1, side, side))


def make_convention(task: Task, form: Form, stated: Mapping[str, str], where: str) -> Convention:
    """Return what a loss gets on a task, from what is stated and by default.

    Args:
        task: what is predicted.
        form: as recognised.
        stated: values by key, without the @.
        where: the spec, for messages.

    Raises:
        UnknownName: a key or a value that does not exist.
        LossDoesNotFit: a value that makes no sense on this task, or with the other ones.

    Example:
        >>> str(make_convention("multiclass", "pair", {"gets": "probability"}, "mine"))
        'probabilities, softmax of the raw outputs, (batch, classes) and class index (batch)'
    """
    for key, value in stated.items():
        if key not in STATEMENTS:
            raise UnknownName("statement", f"@{key}", [f"@{k}" for k in KEYS], where)
        if value not in STATEMENTS[key]:
            raise UnknownName(f"@{key}", value, STATEMENTS[key], where)
    link = cast(Link, stated.get("link", LINKS[task][0]))
    exclusive = task in ("multiclass", "embedding") or (task == "binary" and link == "softmax")
    sensible: dict[str, tuple[Any, ...]] = {
        "convention": (form, *get_args(Form)),
        "link": LINKS[task],
        "target": ("index",) if link == "embedding" else ("index", "onehot") if exclusive else ("values",),
        "gets": _gets(link, cast(Form, stated.get("convention", form))),
    }
    for key, values in sensible.items():
        if stated.get(key, values[0]) not in values:
            fault = f"there @{key} is {' or '.join(values)}, and it is stated to be {stated[key]}"
            raise WrongTask(where, task, fault)
    return Convention(task, **{key: stated.get(key, values[0]) for key, values in sensible.items()})


def _gets(link: Link, form: Form) -> tuple[Gets, ...]:
    """Return what a loss may get; the first is taken where nothing is stated."""
    if link == "softplus":  # a loss of pairs does not know the link; one of raw outputs applies it by itself
        return ("prediction", "raw") if form == "pair" else ("raw", "prediction")
    return ("raw", "probability") if link in ("sigmoid", "softmax") else ("raw",)


def recognise(criterion: Any) -> Form:
    """Say whether a loss follows lossbench's signature, by the names of its first two parameters.

    Example:
        >>> recognise(lambda raw, target: 0), recognise(lambda prediction, target: 0)
        ('raw', 'pair')
    """
    return "raw" if first_names(criterion) == ["raw", "target"] else "pair"


def first_names(criterion: Any) -> list[str]:
    """Return the names of the two parameters that prediction and target are given to.

    Example:
        >>> first_names(torch.nn.MSELoss)
        ['input', 'target']
    """
    names = [p.name for p in signature(_called(criterion)) if p.kind in _BY_POSITION]
    return names[inspect.isclass(criterion) :][:2]


EMBEDDED = {"anchor", "positive", "negative", "input1", "input2", "x1", "x2"}
"""Names of what is compared with each other, and not with a target."""


def check_inputs(name: str, criterion: Any) -> None:
    """Refuse a loss that needs more than a prediction and a target.

    A function may get what else it needs from the spec, unless it is plainly no parameter.

    Raises:
        LossMisbehaves: it does.

    Example:
        >>> check_inputs("torch.nn:MSELoss", torch.nn.MSELoss)
    """
    positional = [p for p in signature(_called(criterion)) if p.kind in _BY_POSITION]
    wanted = [p.name for p in positional if p.default is p.empty][inspect.isclass(criterion) :]
    embedded = not EMBEDDED.isdisjoint(wanted)
    if len(wanted) < 3 or not (embedded or inspect.isclass(criterion)):
        return
    compared = (
        "; it compares embeddings that are picked for it, and a loss of the task embedding gets those of a batch "
        "and their classes, f(embeddings, labels), and makes its pairs by itself"
    ) * embedded
    raise LossMisbehaves(
        name,
        f"takes {len(wanted)} inputs ({', '.join(wanted)}), and a loss gets a prediction and its target{compared}",
    )


_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _called(criterion: Any) -> Any:
    """Return what is called with prediction and target: of a module, its `forward`."""
    if inspect.isclass(criterion):
        return getattr(criterion, "forward", None) or criterion.__call__
    return getattr(criterion, "forward", criterion)


def signature(function: Any) -> list[inspect.Parameter]:
    """Return the parameters of a function; none where it does not say, as some written in C."""
    try:
        return list(inspect.signature(function).parameters.values())
    except ValueError:
        return []


def parameters_of(criterion: Any) -> dict[str, inspect.Parameter]:
    """Return what a spec may set: what a constructor takes, or what a function takes after prediction and target.

    Example:
        >>> list(parameters_of(lambda prediction, target, alpha=2.0: 0))
        ['alpha']
    """
    if inspect.isclass(criterion):
        inherited = criterion.__init__ is torch.nn.Module.__init__  # (*args, **kwargs), of which it takes none
        return {} if inherited else {p.name: p for p in signature(criterion)}
    declared = signature(_called(criterion))
    leading = [p for p in declared if p.kind in _BY_POSITION][:2]
    return {p.name: p for p in declared if p not in leading}


def read_arguments(
    spec: str, given: Mapping[str, str], declared: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    """Read the parameters of a spec as what the object's signature wants.

    Numbers, true, false, none, lists of numbers in brackets, and texts where the default is no number.

    Raises:
        UnknownName: a parameter that the object does not have.
        BadValue: a value of the wrong form, or a parameter without default that is not given.

    Example:
        >>> declared = parameters_of(lambda prediction, target, alpha=2.0, reduction="mean": 0)
        >>> read_arguments("f", {"alpha": "3", "reduction": "sum"}, declared)
        {'alpha': 3.0, 'reduction': 'sum'}
    """
    kinds = {p.kind for p in declared.values()}
    named = {name: p for name, p in declared.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    for key in given:
        if key not in named and inspect.Parameter.VAR_KEYWORD not in kinds:
            known = list(named) or ["none, it takes no parameters"]
            raise UnknownName("parameter", key, known, where=f"'{spec}'")
    for key, parameter in named.items():
        if parameter.default is parameter.empty and key not in given:
            raise BadValue(f"'{spec}' needs a value for {key}; write {spec}:{key}=VALUE")
    order = [*named, *(key for key in given if key not in named)]
    return {
        key: _value(f"'{spec}': {key}={given[key]}", given[key], getattr(named.get(key), "default", None))
        for key in order
        if key in given
    }


_WORDS = {"true": True, "false": False, "none": None}


def _value(where: str, text: str, default: object) -> Any:
    """Read one value; the default says what is wanted."""
    if isinstance(default, str):
        return text
    if text.lower() in _WORDS and not is_number(default):
        return _WORDS[text.lower()]
    if text.strip().startswith("["):
        return _list(where, text)
    if isinstance(default, bool):
        raise BadValue(f"{where} is neither true nor false; give one of them")
    value = _number(text, whole=not isinstance(default, float))
    if value is None and is_number(default):
        raise BadValue(f"{where} is not a finite number; give one")
    return text if value is None else value


def _list(where: str, text: str) -> list[Any]:
    """Read a list of numbers, or of such lists."""
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if np.isfinite(np.array(value, dtype=float)).all():
            return list(value)
    raise BadValue(f"{where} is no list of numbers; write one as [1,2,3]")


def is_tensor(parameter: inspect.Parameter | None) -> bool:
    """Say whether a list given to a parameter is meant as a tensor: unless its default or annotation says list.

    Example:
        >>> sizes = parameters_of(lambda prediction, target, weight=None, sizes=(1, 2): 0)
        >>> is_tensor(sizes["weight"]), is_tensor(sizes["sizes"])
        (True, False)
    """
    if parameter is None:
        return True
    said = str(parameter.annotation).lower()
    plain = any(kind in said for kind in ("list", "tuple", "sequence", "iterable")) and "tensor" not in said
    return not plain and not isinstance(parameter.default, list | tuple)


def _number(text: str, whole: bool) -> float | None:
    """Return a finite number, as an integer where it is written as one and may be; None for any other text."""
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if whole and re.fullmatch(r"\s*[+-]?\d+\s*", text) else value


def is_number(value: object) -> bool:
    """Say whether a value is a plain number, which a truth value is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
