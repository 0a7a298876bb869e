"""A finished trial as it is stored: texts, bytes and a checksum, no pickle."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lossbench.store.cells import read, write
from lossbench.store.key import Row, bare, key_in

NO_OUTPUTS = np.empty(0, dtype=np.float32)
"""Of a training that failed, or that an older lossbench stored."""


class Done(NamedTuple):
    """What is kept of a finished trial.

    Args:
        row: its row of `trials.csv`: None, bool, int, float and str by name; see `lossbench.run.scoring.rows_of`.
        curve: ((1 + parts) * epochs,) float64, its validation curve; behind it, of a sum of losses, how long the
            gradient of each part was.
        outputs: (test rows * outputs,) float32, its raw outputs at the last epoch.
    """

    row: Row
    curve: np.ndarray
    outputs: np.ndarray = NO_OUTPUTS


class Record(NamedTuple):
    """One stored trial, cell by cell of the table `trials`.

    Args:
        key: see `key_of`; of a trial that was stored before the third format, the hash alone.
        dataset: spec of the data set; trials are counted and cleared by it.
        loss: spec of the loss, likewise.
        fingerprint: digest of engine, versions and processor, likewise.
        written: when it was stored, seconds since 1970.
        layout: which cells the row has, see `lossbench.store.cells`.
        cells: what is in them; a text before the third format.
        curve: the validation curve, (epochs,) little-endian float64, and what stands behind it, see `Done`.
        checksum: of all of them, since SQLite keeps none of its own.
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
    def whole(self) -> bool:
        """Whether the record is as it was stored."""
        try:
            return self.checksum == self._checksum()
        except TypeError:  # in a damaged file anything may be of another type
            return False

    def _checksum(self) -> int:
        if self.older:
            return checksum(bare(self.key), self.layout, self.cells, self.curve, self.outputs)
        return checksum_of(self.key, self.layout, self.cells, self.curve, self.outputs)  # type: ignore[arg-type]


def encode(done: Done, written: int) -> Record:
    """Return the record of a finished trial.

    Args:
        done: the trial.
        written: the current time, seconds since 1970.
    """
    row, columns = done.row, tuple(done.row)
    key = key_in(row, columns)
    layout, cells = write(row, columns)
    curve, outputs = np.asarray(done.curve, "<f8").tobytes(), np.asarray(done.outputs, "<f4").tobytes()
    labels = (row["dataset"], row["loss"], row["fingerprint"])
    total = checksum_of(key, layout, cells, curve, outputs)
    return Record(key, *labels, written, layout, cells, curve, total, outputs)


def decode(record: Record) -> Done:
    """Return the finished trial that a record was made of, equal to the last bit.

    Raises:
        ValueError: what is stored is no row, or a cell is none of its column.
    """
    row = read(record.layout, record.cells)
    try:
        curve = np.frombuffer(record.curve, dtype="<f8").astype(np.float64)
        outputs = np.frombuffer(record.outputs, dtype="<f4").astype(np.float32)
    except TypeError as error:
        raise ValueError(f"no curve or outputs: {error}") from None
    return Done(row, curve, outputs)


def checksum_of(key: str, layout: str, cells: bytes, curve: bytes, outputs: bytes) -> int:
    """Return the checksum of a record; see `Record`. Where one part ends and the next begins counts too."""
    total = zlib.crc32(repr((key, len(cells), len(curve))).encode(), _begun(layout))
    for part in (cells, curve, outputs):
        total = zlib.crc32(part, total)
    return total


@lru_cache(typed=True)
def _begun(layout: object) -> int:
    return zlib.crc32(repr(layout).encode())


def checksum(key: object, kind: object, *content: object) -> int:
    """Return the checksum of evidence, and of a record before the third format.

    No bytes at the end count as nothing, as before there were outputs.

    Args:
        key: under which it is stored.
        kind: what many of them have in common, the names of their cells or their claim.
        content: all else.
    """
    kept = content[:-1] if content[-1] == b"" else content
    return zlib.crc32(f"({', '.join([repr(key), _shown(kind), *map(repr, kept)])})".encode())


@lru_cache(typed=True)
def _shown(kind: object) -> str:
    # In a damaged file a text may come back as a number or as None; repr accepts anything.
    return repr(kind)
