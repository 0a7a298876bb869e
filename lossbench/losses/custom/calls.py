"""From the user's object to a function of the raw outputs and target of one model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from lossbench.errors import LossMisbehaves
from lossbench.lazy import torch
from lossbench.losses.custom.conventions import Convention
from lossbench.losses.custom.locate import Candidate, check_callable
from lossbench.losses.custom.source import in_one_line, line_of

Call = Callable[..., "torch.Tensor"]
Gives = Literal["sample", "output", "batch"]
"""A value a sample (batch,), a value an output (batch, outputs), or one number for the batch ()."""


def make_call(candidate: Candidate, arguments: Mapping[str, Any]) -> Call:
    """Return the loss as a function of prediction and target that raises nothing but LossMisbehaves.

    Args:
        candidate: the user's object; a class is made into an instance.
        arguments: what the constructor gets, or the function beside prediction and target.

    Raises:
        LossMisbehaves: the constructor raises, or makes what is no loss.
    """
    constructed = inspect.isclass(candidate.criterion)
    criterion = _constructed(candidate, arguments) if constructed else candidate.criterion
    fixed = criterion if constructed else partial(criterion, **arguments)
    module = criterion if isinstance(criterion, torch.nn.Module) else None
    if module is not None:
        _check_frozen(candidate, module)

    def call(prediction: torch.Tensor, target: torch.Tensor, **parameters: Any) -> Any:
        try:
            if module is not None:
                module.to(prediction.device, prediction.dtype)  # its constants, to where the data are
            return fixed(prediction, target, **parameters)
        except Exception as error:
            fault = f"raised {in_one_line(error)}"
            raise LossMisbehaves(candidate.name, fault, line_of(error, candidate.file)) from error

    return call


def _constructed(candidate: Candidate, arguments: Mapping[str, Any]) -> Any:
    try:
        # Constants that a constructor draws at random must be the same in every process.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            made = candidate.criterion(**arguments)
    except Exception as error:
        given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        fault = f"cannot be made: its constructor, given ({given}), raised {in_one_line(error)}"
        raise LossMisbehaves(candidate.name, fault, line_of(error, candidate.file)) from error
    check_callable(made, candidate.name)
    return made


def _check_frozen(candidate: Candidate, module: torch.nn.Module) -> None:
    """Refuse a loss that would have to be trained itself: it would silently stay as it was made."""
    learnt = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
    if learnt:
        raise LossMisbehaves(
            candidate.name,
            f"has parameters of its own to be trained ({', '.join(learnt)}), and only the network is trained "
            "here; call requires_grad_(False) on them to keep them as they are",
        )


def alone(call: Call, convention: Convention, gives: Gives) -> Call:
    """Return the loss of one model, from its raw outputs (batch, outputs) and target as the engines have them."""

    def loss(raw: torch.Tensor, target: torch.Tensor, **parameters: Any) -> torch.Tensor:
        value: torch.Tensor = call(convention.prediction(raw), convention.seen(target, raw), **parameters)
        if gives != "output":
            return value
        return value.mean(-1) if convention.task == "regression" else value.sum(-1)

    return loss
