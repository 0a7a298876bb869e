"""A finished trial as it is stored: texts, bytes and a checksum, but no pickle."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lossbench.store.cells import read, write
from lossbench.store.key import Row, hash_in, key_of_row

NO_OUTPUTS = np.empty(0, dtype=np.float32)
"""The outputs of a training that failed, or that an older lossbench stored."""


class Done(NamedTuple):
    """What is kept of a finished trial.

    Args:
        row: its row of `trials.csv`: None, bool, int, float and str by name; see `lossbench.run.scoring.rows_of`.
        curve: ((1 + parts) * epochs,) float64, its validation curve, followed by the gradient norms of each part
            of a sum of losses.
        outputs: (test rows * outputs,) float32, its raw outputs at the last epoch.
    """

    row: Row
    curve: np.ndarray
    outputs: np.ndarray = NO_OUTPUTS


class Record(NamedTuple):
    """One stored trial, cell by cell of the table `trials`.

    Args:
        key: see `key_of`; only the hash if the trial was stored before the third format.
        dataset: spec of the data set; trials are counted and cleared by it.
        loss: spec of the loss, likewise.
        fingerprint: digest of engine, versions and processor, likewise.
        written: when it was stored, seconds since 1970.
        layout: which cells the row has, see `lossbench.store.cells`.
        cells: their values; a text before the third format.
        curve: the curve of `Done` as little-endian float64.
        checksum: a checksum of all of them, since SQLite has none.
        outputs: the raw outputs, little-endian float32; empty where there are none.
    """

    key: str
    dataset: str
    loss: str
    fingerprint: str
    written: int
    layout: str
    cells: str | bytes
    curve: bytes
    checksum: int
    outputs: bytes

    @property
    def older(self) -> bool:
        """Whether it was stored before the third format."""
        return isinstance(self.cells, str)

    @property
    def intact(self) -> bool:
        """Whether the checksum is right."""
        try:
            return self.checksum == self._checksum()
        except TypeError:  # in a damaged file any value may have another type
            return False

    def _checksum(self) -> int:
        if self.older:
            return checksum(hash_in(self.key), self.layout, self.cells, self.curve, self.outputs)
        return checksum_of(self.key, self.layout, self.cells, self.curve, self.outputs)  # type: ignore[arg-type]


def encode(done: Done, written: int) -> Record:
    """Return the record of a finished trial.

    Args:
        done: the trial.
        written: the current time, seconds since 1970.
    """
    row, key = done.row, key_of_row(done.row)
    layout, cells = write(row, tuple(row))
    curve, outputs = np.asarray(done.curve, "<f8").tobytes(), np.asarray(done.outputs, "<f4").tobytes()
    labels = (row["dataset"], row["loss"], row["fingerprint"])
    total = checksum_of(key, layout, cells, curve, outputs)
    return Record(key, *labels, written, layout, cells, curve, total, outputs)


def decode(record: Record) -> Done:
    """Return the finished trial that a record was made of, equal to the last bit.

    Raises:
        ValueError: the stored bytes are no row, or a cell does not fit its column.
    """
    row = read(record.layout, record.cells)
    try:
        curve = np.frombuffer(record.curve, dtype="<f8").astype(np.float64)
        outputs = np.frombuffer(record.outputs, dtype="<f4").astype(np.float32)
    except TypeError as error:
        raise ValueError(f"no curve or outputs: {error}") from None
    return Done(row, curve, outputs)


def checksum_of(key: str, layout: str, cells: bytes, curve: bytes, outputs: bytes) -> int:
    """Return the checksum of a record; see `Record`. The lengths of the parts are included."""
    total = zlib.crc32(repr((key, len(cells), len(curve))).encode(), _begun(layout))
    for part in (cells, curve, outputs):
        total = zlib.crc32(part, total)
    return total


@lru_cache(typed=True)
def _begun(layout: object) -> int:
    return zlib.crc32(repr(layout).encode())


def checksum(key: object, kind: object, *content: object) -> int:
    """Return the checksum of evidence, or of a record before the third format.

    Empty bytes at the end are left out: the first format had no outputs.
    """
    kept = content[:-1] if content[-1] == b"" else content
    return zlib.crc32(f"({', '.join([repr(key), _shown(kind), *map(repr, kept)])})".encode())


@lru_cache(typed=True)
def _shown(kind: object) -> str:
    # In a damaged file a text may be read as a number or as None; repr accepts anything.
    return repr(kind)
