"""The models of a pack: their parameters, and the records by which the compiled step finds all it needs."""

from __future__ import annotations

import numpy as np

from lossbench.training.native.losses import TORCH, number_of, parameters_of, scale_of
from lossbench.training.native.memory import address
from lossbench.training.native.step import Step
from lossbench.training.native.tables import Tables
from lossbench.training.pack import Pack

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


class Models:
    """The models of a pack, one a trial.

    Args:
        pack: the trials.
        step: the compiled step.
        tables: what they read and share.

    Attributes:
        theta: (models, parameters).
        records: (models,) of the dtype `MODEL`.
    """

    def __init__(self, pack: Pack, step: Step, tables: Tables) -> None:
        self.pack, self.tables = pack, tables
        self.theta, self.first, self.second = (step.rows(len(pack.trials)) for _ in range(3))
        self.gradient = step.rows(1)  # of one model at a time
        for layers in {id(layers): layers for layers in pack.weights}.values():
            self.theta[[other is layers for other in pack.weights]] = step.laid_out(layers)
        self.records = np.zeros(len(pack.trials), MODEL)
        self.records["loss"] = [number_of(loss) for loss in pack.losses]
        self.place_parameters()
        self.set_numbers()
        for index in range(len(pack.trials)):
            self.place_tables(index)

    def place_parameters(self) -> None:
        """Say where the parameters of each model lie, and their gradient and moments."""
        for name in ("theta", "first", "second"):
            rows = getattr(self, name)
            self.records[name] = address(rows) + rows.strides[0] * np.arange(len(rows), dtype=np.int64)
        self.records["gradient"] = address(self.gradient)

    def set_numbers(self) -> None:
        """Set rates and penalties."""
        records, trials = self.records, self.pack.trials
        for name, field in (("rate", "lr"), ("l1", "l1"), ("l2", "l2")):
            records[name] = [getattr(trial, field) for trial in trials]
        hyper = [self.pack.setup.optimisers[trial.optimizer].hyper for trial in trials]
        records["momentum"] = [one.get("momentum", 0.0) for one in hyper]
        records["keep"] = 1 - records["rate"] * [one.get("weight_decay", 0.0) for one in hyper]
        records["faded_first"] = records["faded_second"] = 1.0

    def place_tables(self, index: int) -> None:
        """Say where the tables of a model lie, and what its loss is if that is compiled."""
        record, loss, tables = self.records[index], self.pack.losses[index], self.tables
        record["features"] = address(tables.features(self.pack.training[index].features))
        record["order"] = address(tables.order(index))
        if record["loss"] != TORCH:
            record["target"], record["offset"] = address(tables.target(index)), address(tables.offset(index))
            record["parameters"], record["scale"] = parameters_of(loss), scale_of(loss, self.pack.outputs)
