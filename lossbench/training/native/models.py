"""The records that the compiled step reads: of a network, and of each model."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lossbench.training.native.losses import TORCH, number_of, parameters_of, scale_of
from lossbench.training.native.memory import address
from lossbench.training.network import ACTIVATIONS
from lossbench.training.pack import Pack

if TYPE_CHECKING:
    from lossbench.training.native.crew import Crew

ADDRESSES = ("theta", "gradient", "first", "second", "features", "order", "target", "offset")
NUMBERS = ("rate", "momentum", "keep", "l1", "l2", "faded_first", "faded_second", "scale")
MODEL = np.dtype(
    [
        *((name, np.uint64) for name in ADDRESSES),
        *((name, np.float64) for name in NUMBERS),
        ("parameters", np.float64, 4),
        ("loss", np.int64),
    ]
)
"""The structure `Model` of kernel.c."""

OPTIMISERS = {"sgd": 0, "adam": 1, "adamw": 1}
"""The numbers of kernel.c; decoupled decay is a number of every model's record."""


def plan_of(pack: Pack) -> np.ndarray:
    """Return the plan of a pack's network and steps: (layers, activation, optimiser, batch, rows, widths ...)."""
    sizes = pack.model.sizes(pack.dataset.features.shape[1], pack.outputs)
    kind = OPTIMISERS[pack.setup.optimisers[pack.trials[0].optimizer].name]
    steps = ACTIVATIONS.index(pack.model.activation), kind, pack.batch_size, len(pack.training[0].features)
    return np.array([len(sizes), *steps, sizes[0][1], *(units for units, _ in sizes)], np.int32)


class Measures(NamedTuple):
    """How a network lies in memory: lanes of a vector, numbers of its parameters, bytes of working memory."""

    lanes: int
    parameters: int
    room: int

    @staticmethod
    def of(calls: ctypes.CDLL, plan: np.ndarray) -> Measures:
        """Ask the library."""
        found = np.zeros(3, np.int64)
        calls.measures(address(plan), address(found))
        return Measures(*found.tolist())


def records_of(crew: Crew) -> np.ndarray:
    """Return the record of every model of a pack, (models,)."""
    pack, records = crew.pack, np.zeros(len(crew.pack.trials), MODEL)
    records["loss"] = [number_of(loss) for loss in pack.losses]
    for name in ("theta", "first", "second"):
        row = getattr(crew, name)
        records[name] = address(row) + np.arange(len(records), dtype=np.uint64) * np.uint64(row.strides[0])
    records["gradient"] = address(crew.gradient)
    for name, field in (("rate", "lr"), ("l1", "l1"), ("l2", "l2")):
        records[name] = [getattr(trial, field) for trial in pack.trials]
    hyper = [pack.setup.optimisers[trial.optimizer].hyper for trial in pack.trials]
    records["momentum"] = [one.get("momentum", 0.0) for one in hyper]
    records["keep"] = 1 - records["rate"] * [one.get("weight_decay", 0.0) for one in hyper]
    records["faded_first"] = records["faded_second"] = 1.0
    for index, record in enumerate(records):
        point(crew, index, record)
    return records


def point(crew: Crew, index: int, record: np.void) -> None:
    """Say where the tables of a model lie, and what its loss is if that is compiled."""
    loss, tables = crew.pack.losses[index], crew.tables
    record["features"] = address(tables.features(crew.pack.training[index].features))
    record["order"] = address(tables.order(index))
    if record["loss"] != TORCH:
        record["target"], record["offset"] = address(tables.target(index)), address(tables.offset(index))
        record["parameters"], record["scale"] = parameters_of(loss), scale_of(loss, crew.pack.outputs)
