"""A finished trial as it is stored: texts, bytes and a checksum; no pickle."""

from __future__ import annotations

import json
import zlib
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from lossbench.store.key import key_of_row

Row = dict[str, Any]


class Record(NamedTuple):
    """One stored trial, cell by cell of the table `trials`.

    Args:
        key: see `lossbench.store.key`.
        dataset: spec of the data set; trials are counted and cleared by it.
        loss: spec of the loss, likewise.
        fingerprint: digest of engine, versions and processor, likewise.
        written: when it was stored, seconds since 1970.
        names: the names of the row's cells as JSON, sorted.
        cells: the row's cells as JSON, in the order of the names.
        curve: the validation curve, (epochs,) little-endian float64.
        checksum: of key, names, cells and curve, since SQLite keeps none of its own.
    """

    key: str
    dataset: str
    loss: str
    fingerprint: str
    written: int
    names: str
    cells: str
    curve: bytes
    checksum: int

    @property
    def whole(self) -> bool:
        """Whether the record is as it was stored."""
        return self.checksum == checksum(self.key, self.names, self.cells, self.curve)


def encode(row: Row, curve: np.ndarray, written: int) -> Record:
    """Return the record of a row and its curve.

    Args:
        row: a row of `trials.csv`: None, bool, int, float and str by name.
        curve: (epochs,) float64.
        written: the current time, seconds since 1970.
    """
    names = json.dumps(sorted(row), separators=(",", ":"))
    cells = json.dumps([row[name] for name in sorted(row)], separators=(",", ":"))  # NaN and infinity go through
    data = np.asarray(curve, dtype="<f8").tobytes()
    key = key_of_row(row)
    labels = (row["dataset"], row["loss"], row["fingerprint"])
    return Record(key, *labels, written, names, cells, data, checksum(key, names, cells, data))


def decode(record: Record) -> tuple[Row, np.ndarray]:
    """Return the row and the curve (epochs,) that a record was made of, equal to the last bit."""
    curve = np.frombuffer(record.curve, dtype="<f8").astype(np.float64)
    return dict(zip(_names(record.names), json.loads(record.cells), strict=True)), curve


@cache
def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))  # once, so that all rows share the same strings


def checksum(*content: object) -> int:
    """Return a checksum of what is stored."""
    # In a damaged file a text may come back as a number or as None; repr accepts anything.
    return zlib.crc32(repr(content).encode())
