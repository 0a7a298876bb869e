"""Tables that the models of a pack read and share: features, targets, batch orders, offsets."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

import numpy as np

from lossbench.losses.structured.distribution import DIRECTIONS
from lossbench.training.native.memory import address, zeros
from lossbench.training.pack import Pack
from lossbench.training.targets import encoded, offset_of


class Tables:
    """The tables of a pack, each made on first use and kept.

    Args:
        pack: the trials.
        dtype: the precision of everything but indices.
        lanes: of a vector.
    """

    def __init__(self, pack: Pack, dtype: np.dtype, lanes: int) -> None:
        self.pack, self.dtype, self.lanes = pack, dtype, lanes
        self.made: dict[Hashable, np.ndarray] = {}

    def once(self, key: Hashable, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Return the array of a key, made in the first call."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def padded(self, values: np.ndarray) -> np.ndarray:
        """Return a table (rows, columns) whose rows are padded with zeros to whole vectors."""
        rows, columns = values.shape
        found = zeros((rows, -(-columns // self.lanes) * self.lanes), self.dtype)
        found[:, :columns] = values
        return found

    def features(self, features: np.ndarray) -> np.ndarray:
        """Return features (rows, inputs padded)."""
        return self.once(id(features), lambda: self.padded(features))

    def places(self, features: list[np.ndarray]) -> tuple[np.ndarray, int]:
        """Return the addresses of several tables of features, (tables,) uint64, and the rows of each."""
        return np.array([address(self.features(one)) for one in features], np.uint64), len(features[0])

    def of_part(self, part: str) -> tuple[np.ndarray, int]:
        """Return the addresses of each trial's features of a clean part, (trials,) uint64, and their rows."""
        seen, trials = self.pack.seen, range(len(self.pack.trials))
        places = self.once(("part", part), lambda: self.places([seen(one, part).features for one in trials])[0])
        return places, len(seen(0, part).features)

    def class_places(self, targets: list[np.ndarray]) -> np.ndarray:
        """Return the addresses of several targets of class indices, (targets,) uint64."""
        makers = ((id(one), partial(np.ascontiguousarray, one.ravel(), np.int32)) for one in targets)
        return np.array([address(self.once(("classes", key), make)) for key, make in makers], np.uint64)

    def order(self, seed: int) -> np.ndarray:
        """Return the batch order of a seed, (epochs, rows)."""
        return self.once(("order", seed), lambda: np.ascontiguousarray(self.pack.orders[seed], np.int32))

    def target(self, index: int) -> np.ndarray:
        """Return the training target of a trial, as its compiled loss wants it."""
        record = self.pack.losses[index].record
        kind = np.dtype(np.int32) if record.encoding == "index" else self.dtype
        key = "target", id(self.pack.training[index].target), record.natural_zero
        return self.once(key, lambda: np.ascontiguousarray(encoded(self.pack, index), kind))

    def offset(self, index: int) -> np.ndarray:
        """Return the offset of a trial's raw outputs, (outputs padded); of a single output, in every lane."""
        record, seed = self.pack.losses[index].record, self.pack.trials[index].seed
        key = ("offset", record.link, seed) if record.natural_zero else "offset"
        return self.once(key, lambda: self._offset(index))

    def weight_place(self, index: int) -> int:
        """Return the address of the weights of a trial's training rows; 0 where all rows count alike."""
        part = self.pack.training[index]
        if part.weights is None:
            return 0
        values = part.weights
        return address(self.once(("weight", id(part)), lambda: np.ascontiguousarray(values, self.dtype)))

    def by_class(self, index: int, values: np.ndarray) -> np.ndarray:
        """Return a trial's values for each class, (classes padded)."""
        return self.once(("by class", index), lambda: self.padded(values[None]))

    def ways(self, directions: np.ndarray) -> np.ndarray:
        """Return directions (targets, number) in the layout of the compiled step."""
        return self.once("ways", lambda: side_by_side(directions, self.dtype))

    def _offset(self, index: int) -> np.ndarray:
        given = offset_of(self.pack, index)[None]
        return self.padded(np.repeat(given, self.lanes, axis=1) if given.shape[1] == 1 else given)


def side_by_side(directions: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return directions (targets, number), once for outputs and once for targets, (targets, twice the most)."""
    found = zeros((len(directions), 2 * DIRECTIONS), dtype)
    found[:, : 2 * directions.shape[1]] = np.tile(directions, 2)
    return found
