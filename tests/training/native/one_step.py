"""One batch of a compiled loss: its value, and its gradient in the outputs."""

from __future__ import annotations

import numpy as np

from lossbench.losses.loss import Loss
from lossbench.training.native.library import Library
from lossbench.training.native.losses import LOOKS_AT_IMAGES, looks_at, number_of, values_of, ways_of
from lossbench.training.native.memory import address, zeros
from lossbench.training.native.models import MODEL
from lossbench.training.native.tables import side_by_side


def by_step(library: Library, loss: Loss, raw: np.ndarray, target: np.ndarray, pixels: int = 0):
    """Return value and gradient (rows, targets) of a batch, as the compiled step finds them.

    A linear network whose features are ones on a diagonal has its outputs for weights, and their gradient.
    """
    (rows, targets), kind, calls = raw.shape, raw.dtype, library.calls
    plan = np.array([1, 0, 0, rows, rows, 0, looks_at(loss), rows, targets], np.int32)
    sizes, record, total = np.zeros(3, np.int64), np.zeros(1, MODEL), np.zeros(1)
    calls.measures(address(plan), address(sizes))
    lanes, parameters, room = sizes.tolist()
    across = 1 if targets == 1 else lanes
    tables = {name: zeros((parameters,), kind) for name in ("theta", "gradient", "first", "second", "offset")}
    seen = {
        name: tables[name][: rows * across].reshape(rows, across)[:, :targets] for name in ("theta", "gradient")
    }
    seen["theta"][:] = raw
    tables["features"] = zeros((rows, -(-rows // lanes) * lanes), kind)
    np.fill_diagonal(tables["features"], 1)
    tables |= {"order": np.arange(rows, dtype=np.int32), "target": target}
    record["parameters"], record["scale"] = values_of(loss, targets)
    record["loss"], record["keep"] = number_of(loss), 1
    if looks_at(loss) == LOOKS_AT_IMAGES:
        record["parameters"][0, 3] = pixels
    if (ways := ways_of(loss, targets)) is not None:
        tables["offset"], record["parameters"][0, 0] = side_by_side(ways, kind), ways.shape[1]
    for name, table in tables.items():
        record[name] = address(table)
    work = zeros((room,), np.dtype(np.uint8))
    calls.losses(address(plan), address(record), 1, address(raw), address(total), address(work))
    calls.epoch(address(plan), address(record), 1, 0, address(work))
    return total[0] / rows, seen["gradient"].copy()
