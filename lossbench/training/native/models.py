"""The models of a pack: their parameters, and the records through which the compiled step finds its data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from lossbench.losses.loss import Loss
from lossbench.training.native.losses import (
    LOOKS_AT_IMAGES,
    TORCH,
    looks_at,
    number_of,
    of_shares,
    values_of,
    ways_of,
)
from lossbench.training.native.memory import address
from lossbench.training.native.step import Step
from lossbench.training.native.tables import Tables
from lossbench.training.pack import Pack
from lossbench.training.targets import prior_of

ADDRESSES = ("theta", "gradient", "first", "second", "features", "order", "target", "offset", "weight")
NUMBERS = ("rate", "momentum", "keep", "l1", "l2", "faded_first", "faded_second", "clip", "scale")
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
    """The models of a pack, one per trial.

    Args:
        pack: the trials.
        step: the compiled step.
        tables: the tables that they read and share.

    Attributes:
        theta: (models, parameters).
        records: (models,) of the dtype `MODEL`.
    """

    def __init__(self, pack: Pack, step: Step, tables: Tables) -> None:
        self.pack, self.tables = pack, tables
        self.theta, self.first, self.second = (step.rows(len(pack.trials)) for _ in range(3))
        self.gradient = step.rows(1)  # one row, for one model at a time
        for layers in {id(layers): layers for layers in pack.weights}.values():
            self.theta[[other is layers for other in pack.weights]] = step.laid_out(layers)
        self.records = np.zeros(len(pack.trials), MODEL)
        self.place_parameters()
        self.set_numbers()
        self.place_tables()
        self.set_losses()

    def place_parameters(self) -> None:
        """Set the addresses of each model's parameters, gradient and moments."""
        for name in ("theta", "first", "second"):
            rows = getattr(self, name)
            self.records[name] = address(rows) + rows.strides[0] * np.arange(len(rows), dtype=np.int64)
        self.records["gradient"] = address(self.gradient)

    def set_numbers(self) -> None:
        """Set penalties and the optimiser's hyperparameters; `pace` sets rates for each epoch."""
        records, trials = self.records, self.pack.trials
        for name in ("l1", "l2"):
            records[name] = [getattr(trial, name) for trial in trials]
        hyper = [self.pack.setup.optimisers[trial.optimizer].hyper for trial in trials]
        records["momentum"] = [one.get("momentum", 0.0) for one in hyper]
        self.decay = np.array([one.get("weight_decay", 0.0) for one in hyper])
        records["faded_first"] = records["faded_second"] = 1.0
        records["clip"] = [one.clip if one.clip < np.inf else 0.0 for one in self.pack.schedules]

    def pace(self, records: np.ndarray, indices: np.ndarray, epoch: int) -> None:
        """Set the rates of an epoch in the records of some models, given their numbers."""
        records["rate"] = self.pack.rates[indices, epoch]
        records["keep"] = 1 - records["rate"] * self.decay[indices]

    def place_tables(self) -> None:
        """Set the addresses of each model's features and batch order."""
        pack, tables = self.pack, self.tables
        self.records["features"], _ = tables.places([part.features for part in pack.training])
        self.records["order"] = [address(tables.order(trial.seed)) for trial in pack.trials]

    def set_losses(self) -> None:
        """Set the loss of each model, if it is compiled, and the address of its targets."""
        known = {loss: self.known(loss) for loss in dict.fromkeys(self.pack.losses)}
        for index, loss in enumerate(self.pack.losses):
            record = self.records[index]
            (record["loss"], record["parameters"], record["scale"]), looks, ways = known[loss]
            if record["loss"] != TORCH:
                record["target"] = address(self.tables.target(index))
                record["offset"] = address(self.tables.offset(index))
                record["weight"] = self.tables.weight_place(index)
            if record["loss"] != TORCH and loss.record.prior:
                self.set_shares(index, loss)
            if looks == LOOKS_AT_IMAGES:
                self.records["parameters"][index, 3] = 0 if loss.record.whole_batch else self.pack.dataset.pixels
            if ways is not None:
                self.records["parameters"][index, 0] = ways.shape[1]
                self.records["offset"][index] = address(self.tables.ways(ways))

    def set_shares(self, index: int, loss: Loss) -> None:
        """Set the values that a model's loss derives from class shares: one per class, or two weights."""
        found = of_shares(loss, prior_of(self.pack, index)["prior"])
        if self.pack.outputs == 1:
            self.records["parameters"][index, : len(found)] = found
        else:
            self.records["offset"][index] = address(self.tables.by_class(index, found))

    def known(self, loss: Loss) -> tuple[tuple[int, list[float], float], int, np.ndarray | None]:
        """Return number, parameters and scale of a loss, as in a record; its unit, and its directions."""
        number, outputs = number_of(loss), self.pack.outputs
        numbers = (number, [0.0] * 4, 0.0) if number == TORCH else (number, *values_of(loss, outputs))
        return numbers, looks_at(loss), ways_of(loss, outputs)


@contextmanager
def moving(records: np.ndarray, going: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the records of the models in a mask, to be stepped; write their step counts back afterwards."""
    if going.all():
        yield records
        return
    part = records[going]
    yield part
    records[going] = part
