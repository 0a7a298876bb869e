"""Turning the user's object into a function of raw outputs and target: for one model, then for many at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from lossbench.errors import LossLeavesTorch, LossMisbehaves
from lossbench.lazy import torch
from lossbench.losses.custom.candidate import Candidate, check_callable
from lossbench.losses.custom.contain import failing
from lossbench.losses.custom.conventions import Convention
from lossbench.losses.custom.signature import is_number, is_tensor, parameters_of
from lossbench.losses.custom.source import in_one_line, left_torch, line_of
from lossbench.remark import Remark, Topic
from lossbench.task import VALUED

Call = Callable[..., "torch.Tensor"]
Gives = Literal["sample", "output", "batch"]
"""A value a sample (batch,), a value an output (batch, outputs), or one number for the batch ()."""

ESCAPED = "escaped from inside a function"
"""In what torch raises where a loss uses a tensor of an earlier call, of other models."""

KEPT = "uses a tensor that it kept from an earlier call; keep nothing between calls, or a plain number"


def make_call(candidate: Candidate, arguments: Mapping[str, Any], target_first: bool = False) -> Call:
    """Return the loss as a function of prediction and target that raises nothing but LossMisbehaves.

    Args:
        candidate: the user's object; a class is instantiated.
        arguments: of the constructor, or of the function besides prediction and target.
        target_first: True where it is called with the target first.

    Raises:
        LossMisbehaves: the constructor raises, or its result is no loss.
    """
    plain, tensors = _with_tensors(candidate, arguments)
    constructed = inspect.isclass(candidate.criterion)
    criterion = _constructed(candidate, plain | tensors) if constructed else candidate.criterion
    fixed = criterion if constructed else partial(criterion, **plain)
    module = criterion if isinstance(criterion, torch.nn.Module) else None
    if module is not None:
        _check_frozen(candidate, module)

    def fault(error: BaseException) -> LossMisbehaves:
        where = line_of(error, candidate.file)
        if library := left_torch(error):
            said = f"computes with {library}, whose results have no gradient; compute with operations of torch"
            return LossLeavesTorch(candidate.name, said, where)
        said = KEPT if ESCAPED in in_one_line(error) else f"raised {in_one_line(error)}"
        return LossMisbehaves(candidate.name, said, where)

    def call(prediction: torch.Tensor, target: torch.Tensor, **parameters: Any) -> Any:
        with failing(fault):
            # Move its constants to the device of the data.
            if module is not None:
                module.to(prediction.device, prediction.dtype)
            if not constructed:
                parameters |= {
                    name: value.to(prediction.device, prediction.dtype) for name, value in tensors.items()
                }
            first, second = (target, prediction) if target_first else (prediction, target)
            value = fixed(first, second, **parameters)
            # Imaging libraries return subclasses of Tensor, which would spread to everything computed from the
            # value.
            return value.as_subclass(torch.Tensor) if isinstance(value, torch.Tensor) else value

    return call


def _with_tensors(
    candidate: Candidate, arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Return the arguments to pass unchanged, and the lists to pass as tensors."""
    declared = parameters_of(candidate.criterion)
    lists = [
        name for name, value in arguments.items() if isinstance(value, list) and is_tensor(declared.get(name))
    ]
    tensors = {name: torch.tensor(arguments[name], dtype=torch.float32) for name in lists}
    return {name: value for name, value in arguments.items() if name not in tensors}, tensors


def _constructed(candidate: Candidate, arguments: Mapping[str, Any]) -> Any:
    plain = {key: value for key, value in arguments.items() if is_number(value)}

    def fault(error: BaseException) -> LossMisbehaves:
        given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        said = f"cannot be made: its constructor, given ({given}), raised {in_one_line(error)}"
        if plain and "Tensor" in str(error):
            said += "; a tensor is written in brackets, as {}=[{}]".format(*next(iter(plain.items())))
        return LossMisbehaves(candidate.name, said, line_of(error, candidate.file))

    # Constants that a constructor draws at random must be the same in every process.
    with failing(fault), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = candidate.criterion(**arguments)
    check_callable(made, candidate.name)
    return made


def _check_frozen(candidate: Candidate, module: torch.nn.Module) -> None:
    """Refuse a loss with trainable parameters: they would silently stay untrained."""
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
        if gives == "output" and convention.task == "segmentation":
            value = value.flatten(1).mean(-1)
        elif gives == "output":
            value = value.mean(-1) if convention.task in VALUED else value.sum(-1)
        # The value of a row of embeddings depends on the other rows, so engines must not pad the batch.
        return value.mean(-1) if convention.link == "embedding" and gives != "batch" else value

    return loss


AT_ONCE = "all models at once"

UNMAPPABLE = {
    "data-dependent control flow": "it branches on the values of a tensor",
    ".item()": "it takes a number out of a tensor",
    "dynamic shape": "the shape of a tensor in it depends on values",
}
"""What torch.func.vmap says, and what it means."""


@dataclass(frozen=True)
class Spread:
    """The loss of many models.

    Args:
        loss: maps raw (..., batch, outputs) and target to (..., batch), or (...) for a whole batch.
        way: how models are evaluated, in words.
        varies: True where `loss` takes its parameters as keywords, and each may be a tensor (..., 1, 1) that has a
            value for each model.
        notes: what it costs, and why.
    """

    loss: Call
    way: str
    varies: bool = False
    notes: tuple[Remark, ...] = ()


def spread(
    loss: Call, at_once: bool, raw: torch.Tensor, target: torch.Tensor, parameters: Mapping[str, float]
) -> Spread:
    """Find the fastest way to evaluate many models with the same results as one after the other.

    Even a loss that takes all models at once must pass through vmap: that shows that it does not branch on values,
    so that what holds in this trial holds in training.

    Args:
        loss: of one model (batch, outputs); where `at_once`, of any number (..., batch, outputs).
        at_once: True where it may be given all models at once.
        raw: (models, batch, outputs) to try it on.
        target: for these.
        parameters: values of the parameters that might differ between models.
    """
    fixed = partial(loss, **parameters)
    expected = differentiated(looped(fixed), raw, target)
    fault = unlike(expected, mapped(fixed), raw, target)
    if fault:
        return Spread(looped(fixed), "one model after the other", notes=(Topic.MODEL_BY_MODEL(fault=fault),))
    if not at_once or unlike(expected, fixed, raw, target):
        return Spread(mapped(fixed), "mapped over the models")
    tensors = {name: raw.new_full((len(raw), 1, 1), value) for name, value in parameters.items()}
    fault = unlike(expected, partial(loss, **tensors), raw, target)
    if fault:
        return Spread(fixed, AT_ONCE, notes=(Topic.VALUES_APART(parameters=tuple(tensors), fault=fault),))
    return Spread(loss, AT_ONCE, varies=True)


def differentiated(
    loss: Call, raw: torch.Tensor, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return a loss's value and the gradient of its sum, shaped as `raw`; None where nothing depends on it.

    Raises:
        LossMisbehaves: the loss raises.
        RuntimeError: its gradient cannot be computed.
    """
    leaf = raw.clone().requires_grad_()
    value = loss(leaf, target)
    with failing(in_gradient):
        (gradient,) = torch.autograd.grad(value.sum(), leaf, allow_unused=True)
    return value.detach(), gradient


def in_gradient(error: BaseException) -> BaseException:
    """Return the error for a gradient that cannot be computed, whatever the user's own backward pass raised."""
    return (
        error
        if isinstance(error, RuntimeError)
        else RuntimeError(f"its backward pass raised {in_one_line(error)}")
    )


def unlike(
    expected: tuple[torch.Tensor, torch.Tensor | None], loss: Call, raw: torch.Tensor, target: torch.Tensor
) -> str:
    """Say how a loss differs from an expected value and gradient at raw (batch, outputs); empty if it does not."""
    try:
        found = differentiated(loss, raw, target)
    except Exception as error:
        return _why(error)
    pairs = zip(expected, found, strict=True)
    same = all(a is not None and b is not None and alike(a, b, 1e-4, 1e-5) for a, b in pairs)
    return "" if same else "it then gives other values"


def alike(a: torch.Tensor, b: torch.Tensor, relative: float, of_largest: float) -> bool:
    """Say whether values of a loss, or gradients, are equal up to rounding, whatever their unit.

    Args:
        a: (...) the expected values.
        b: (...) the values found; another shape is a difference.
        relative: how far each value may be off, as a share of itself.
        of_largest: how much more, as a share of the largest value: values near zero are differences of large ones.

    Example:
        >>> import torch
        >>> one = torch.tensor([1e-30, 2e-30])
        >>> alike(one, one * (1 + 1e-6), 1e-5, 1e-7), alike(one, one.flip(0), 1e-5, 1e-7)
        (True, False)
    """
    size = float(torch.where(a.isfinite(), a, 0.0).abs().max()) if a.numel() else 0.0
    return a.shape == b.shape and torch.allclose(a, b, rtol=relative, atol=of_largest * size)


def _why(error: Exception) -> str:
    said, where = str(error), ""
    if isinstance(error, LossMisbehaves):
        said, where = f"it {error.fault}", error.where
    return next((meaning for phrase, meaning in UNMAPPABLE.items() if phrase in said), said) + where


def mapped(loss: Call) -> Call:
    """Return the loss of any number of models in one tensor program, from the loss of one."""
    return _over_models(loss, lambda raw, target: torch.func.vmap(loss)(raw, target))


def looped(loss: Call) -> Call:
    """Return the loss of any number of models, one after the other."""
    return _over_models(
        loss, lambda raw, target: torch.stack([loss(*model) for model in zip(raw, target, strict=True)])
    )


def _over_models(loss: Call, each: Call) -> Call:
    def over_models(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        lead = raw.shape[:-2]
        if not lead:
            return loss(raw, target)
        last = len(lead) - 1
        value = each(raw.flatten(0, last), target.flatten(0, last))
        return torch.unflatten(value, 0, lead)

    return over_models
