"""How a custom loss is called: what it gets, what it returns, and how it is mapped over the models.

    raw    f(raw, target, **parameters), recognised by the names of its first two parameters, is given all models
           at once: raw (..., batch, outputs) and the target as in `lossbench.losses.record`.
    pair   Everything else that can be called as f(prediction, target), a torch.nn.Module too, is given one model:
           prediction (batch, outputs) and its target. It is mapped over the models. For segmentation it is given
           images, prediction and target (batch, 1, side, side).

A class is instantiated first; the parameters of the spec are those of its constructor, or of the function.

A statement in a spec, `:@key=value`, wins over what is recognised:

    @convention   raw, pair
    @link         how raw outputs become predictions, see `lossbench.losses.record`; by default identity for
                  regression, sigmoid for binary and multilabel, softmax for multiclass, embedding for
                  embedding: the loss sees embeddings (batch, numbers), with any other one the outputs of a head
    @gets         raw (the raw outputs, the default), probability (through the link sigmoid or softmax), or
                  prediction (through softplus, where it is the default of a pair)
    @target       values (float, of the shape of the outputs), index (int64 class index, without the last axis) or
                  onehot (float); by default index where the link is softmax over exclusive classes, else values
    @task         the only task that it is for
    @label        its name in tables

The prediction comes first, unless the names of the first two parameters say otherwise, as (y_true, y_pred) do.

The result may be a value per sample (batch,), a value per output (batch, outputs), which is then averaged over
regression targets and pixels and summed over classes and labels, or one number for the batch. A trial call shows
which it is, see `lossbench.losses.custom.probe`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from lossbench.errors import BadValue, UnknownName, WrongTask
from lossbench.lazy import torch
from lossbench.losses.custom.signature import Form
from lossbench.losses.record import AXES, POSITIVE, Encoding, Head, Link
from lossbench.spec import split_spec
from lossbench.task import VALUED, Task

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
    """Split the spec of a loss into name, parameters and statements (by key, without the @).

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
    """Refuse statements other than task and label about a loss whose convention is fixed."""
    if stated:
        raise UnknownName("statement", f"@{next(iter(stated))}", ("@label", "@task"), where)


RAW: Mapping[Head, str] = {"linear": "raw outputs", "cosine": "cosines of embeddings and class vectors"}
"""What raw outputs are called, by what makes them."""


@dataclass(frozen=True)
class Convention:
    """What a loss gets on a task.

    Args:
        convention: "raw" for all models at once, "pair" for one at a time.
        link: how raw outputs become predictions.
        gets: raw outputs, or the probabilities or positive predictions they stand for.
        target: the form of the target.
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
        """How the engines encode the target."""
        return "values" if self.target == "values" else "index"

    @property
    def outputs_per_target(self) -> int:
        """Number of raw outputs for each class, label or regression target."""
        return 2 if self.link == "location" or (self.task == "binary" and self.link == "softmax") else 1

    @property
    def images(self) -> bool:
        """Whether the loss is given images, and not rows of pixels."""
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
        # Compared, not scattered: every version of torch.func.vmap supports a comparison.
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
    """Return what a loss may get; the first is the default."""
    if link == "softplus":  # a pair loss does not know the link; a raw loss applies it itself
        return ("prediction", "raw") if form == "pair" else ("raw", "prediction")
    return ("raw", "probability") if link in ("sigmoid", "softmax") else ("raw",)
