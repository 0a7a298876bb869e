"""Trials and packs, from which the tests of the training layer are built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from lossbench.data import Dataset, load_dataset
from lossbench.data.contamination import default_kind, kinds_of
from lossbench.losses import catalogue, core_losses, get_loss
from lossbench.spec import Parameter
from lossbench.task import Task
from lossbench.training import fused, loop, native
from lossbench.training.module.model import ModuleModel
from lossbench.training.module.named import find_model, fitted
from lossbench.training.network import Model
from lossbench.training.optimisers import parse_optimiser
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.schedule import parse_schedule
from lossbench.training.setup import Setup
from lossbench.training.trace import Trace
from lossbench.training.trial import Trial

MODELS = ("linear", "mlp:8", "mlp:8,4:tanh", "mlp:5:gelu", "mlp:7,5,3:sigmoid")
OPTIMISERS = ("sgd", "sgd:momentum=0.9", "adam", "adamw:weight_decay=0.1")

COMPILED = pytest.mark.skipif(bool(native.fault()), reason=f"no compiled step: {native.fault()}")
"""Skips a test where no compiler was at hand when lossbench was installed, and only there."""


def native_train(pack: Pack, dtype: torch.dtype = torch.float32) -> Trace:
    """Train by the native engine, which knows no torch."""
    return native.train(pack, np.dtype(str(dtype).removeprefix("torch.")))


FAST = (pytest.param(fused.train, id="fused"), pytest.param(native_train, id="native", marks=COMPILED))
"""The engines that are held against the loop."""

ENGINES = (*FAST, pytest.param(loop.train, id="loop"))

dataset = cache(load_dataset)
first_loss = cache(lambda task: core_losses(task)[0])


def trial(name: str, **changes: object) -> Trial:
    """Return a trial on the named data set, with defaults but for the changes."""
    task = dataset(name).task
    plain: dict[str, object] = {
        "model": "mlp:8",
        "loss": first_loss(task),
        "optimizer": "adam",
        "lr": 0.01,
        "l1": 0.0,
        "l2": 0.0,
        "batch_size": 32,
        "epochs": 2,
        "outlier_kind": "none",
        "outlier_fraction": 0.0,
        "seed": 0,
    }
    return Trial(dataset=name, task=task, **(plain | changes))  # type: ignore[arg-type]


def pack(*trials: Trial) -> Pack:
    """Return the trials as one pack."""
    return Pack(setup(trials[0].dataset, trials), trials)


def packs_of(name: str, trials: Sequence[Trial], memory: int | None = None) -> list[Pack]:
    """Return trials on the named data set in packs."""
    return make_packs(setup(name, trials), trials, memory)


def setup(name: str, trials: Sequence[Trial]) -> Setup:
    """Return the named data set, and what the names in its trials stand for."""
    data = dataset(name)
    return Setup(
        data,
        {t.loss: get_loss(t.loss, data.task, data.targets * data.pixels) for t in trials},
        {t.model: network(t.model, data) for t in trials},
        {t.optimizer: parse_optimiser(t.optimizer) for t in trials},
        schedules={t.schedule: parse_schedule(t.schedule) for t in trials},
    )


def network(spec: str, data: Dataset) -> Model | ModuleModel:
    """Return a network as it is on a data set."""
    model = find_model(spec)
    return (
        fitted(model, data) if isinstance(model, ModuleModel) else replace(model, embeds=data.task == "embedding")
    )


def losses_of(name: str, outputs: int = 1) -> list[str]:
    """Return the losses that run on the named data set with this many outputs per target.

    Each occurs with its defaults, and once for each of its parameters with another value, inexact in binary.
    """
    data = dataset(name)
    records = [
        record for record in catalogue() if (record.task, record.outputs_per_target) == (data.task, outputs)
    ]
    target = data.target.reshape(data.rows, -1)
    fitting = [r for r in records if r.domain is None or not r.domain.violations(target).any()]
    return [spec for r in fitting for spec in (r.name, *(f"{r.name}:{p.name}={moved(p):g}" for p in r.parameters))]


def moved(parameter: Parameter) -> float:
    """Return an allowed value of a parameter, other than its default."""
    default = parameter.default
    return next(v for v in (0.7 * default, 1.3 * default, 0.7) if v != default and parameter.accepts(v))


def contaminations(task: Task) -> list[dict[str, object]]:
    """Return the changes that leave a trial clean, and those for each kind of contamination of the task."""
    kinds = default_kind(task), "feature" if "feature" in kinds_of(task) else default_kind(task)
    return [{}, *({"outlier_kind": kind, "outlier_fraction": 0.2} for kind in kinds)]


def same_bits(left: Trace, right: Trace, rows: list[int] | None = None) -> None:
    """Require that a trace equals the given rows of `right`, bit for bit."""
    for field in ("curve", "last", "best", "best_epoch", "diverged", "train_loss", "train_score", "trained"):
        wanted = getattr(right, field)
        wanted = wanted if rows is None else wanted[rows]
        found = getattr(left, field)
        assert found.dtype == wanted.dtype, field
        np.testing.assert_array_equal(found, wanted, err_msg=field)
