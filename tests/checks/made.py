"""Losses made for one test, without the trial that a user's own loss has to pass."""

from __future__ import annotations

from collections.abc import Callable

import torch

from lossbench.checks.case import Case
from lossbench.losses import Facts, Loss, LossRecord
from lossbench.losses.custom.record import USUAL
from lossbench.task import Task

LINKS = {
    "regression": "identity",
    "binary": "sigmoid",
    "multiclass": "softmax",
    "multilabel": "sigmoid",
    "anomaly": "sigmoid",
}


def made(fn: Callable[..., torch.Tensor], task: Task = "regression", **fields: object) -> Case:
    """Return a loss of the user's own from a function of raw outputs and target."""
    encoding = "index" if task == "multiclass" else "values"
    known = {"link": LINKS[task], "encoding": encoding, "formula": "", "source": "", "facts": None, "code": "own"}
    record = LossRecord(name="mine", task=task, fn=fn, **{**known, **fields})
    return Case(Loss(record, "mine"), USUAL[task])


def squared(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the squared error, which has nothing to be found fault with."""
    return (raw - target).square().mean(-1)


def facts(**others: object) -> Facts:
    """Return the facts of the squared error, but for some."""
    true = {"convex": True, "bounded": False, "differentiable": True, "lipschitz": None, "symmetric": True}
    return Facts(**{**true, "estimates": "mean", "separable": True, **others})
