"""A finished trial as it is stored: texts, bytes and a checksum, no pickle; and its key.

The key is a hash of everything that can change a number of the trial's row.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache, lru_cache
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple

import numpy as np

from lossbench.schema import TRIALS, USUAL
from lossbench.spec import title
from lossbench.training.trial import Trial
from lossbench.visible import hides

DIGITS = 32  # 128 bits: two trials never share a key by chance

Row = dict[str, Any]

DESCRIBED = tuple(field.name for field in fields(Trial))
NEEDED = (*(name for name in DESCRIBED if name not in USUAL), "data_hash", "loss_hash", "fingerprint")
"""The cells that every key is made of, beside their names; rows of an older lossbench have no others."""

TYPES = {"text": (), "number": (float, int), "whole": (int,), "count": (int,), "truth": (bool,)}
PLAIN = frozenset({float, NoneType})  # a type of cells about which there is no more to see
LARGEST = 2**53
"""The types of cells that are no texts, and the largest whole number that each of them holds."""


def key_of(trial: Trial, columns: tuple[str, ...], data_hash: str, loss_hash: str, fingerprint: str) -> str:
    """Return the key of a trial, 32 hexadecimal digits.

    Args:
        trial: what is trained; every field counts, floats to the last bit.
        columns: the names of a row's cells, in any order. A row with one more column is another result.
        data_hash: the digest of the data set.
        loss_hash: the digest of the loss's source and parameters.
        fingerprint: the digest of engine, versions and kind of processor.

    Example:
        >>> trial = Trial("iris", "multiclass", "mlp:16", "ce", "adam", 0.01, 0.0, 0.0, 32, 100, "none", 0.0, 0)
        >>> key = key_of(trial, ("status", "accuracy"), "5c7416871b74", "12561a5e20fc", "7d6be655fed8")
        >>> len(key), key == key_of(trial, ("status", "accuracy"), "5c7416871b74", "12561a5e20fc", "ffffffffffff")
        (32, False)
    """
    return _key(vars(trial), columns, data_hash, loss_hash, fingerprint)


def key_of_row(row: Mapping[str, Any]) -> str:
    """Return the key of the trial in a row of `trials.csv`; the row holds everything that is hashed."""
    return _key_of_row(row, tuple(row))


def _key_of_row(row: Mapping[str, Any], columns: tuple[str, ...]) -> str:
    trial = {name: row[name] for name in _described(columns)}
    return _key(trial, columns, row["data_hash"], row["loss_hash"], row["fingerprint"])


@cache
def _described(columns: tuple[str, ...]) -> list[str]:
    return [name for name in DESCRIBED if name in columns]


def _key(trial: Mapping[str, Any], columns: tuple[str, ...], *hashes: str) -> str:
    # Python writes the shortest text that reads back as the same float.
    text = json.dumps([{**trial, "loss": _title(trial["loss"])}, _schema(columns), *hashes])
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def trial_of(row: Mapping[str, Any]) -> Trial:
    """Return the trial in a row of `trials.csv`."""
    return Trial(**{name: row[name] for name in DESCRIBED if name in row})


_title = cache(title)


@cache
def _schema(columns: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(sorted(columns)).encode()).hexdigest()


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
        key: see `key_of`.
        dataset: spec of the data set; trials are counted and cleared by it.
        loss: spec of the loss, likewise.
        fingerprint: digest of engine, versions and processor, likewise.
        written: when it was stored, seconds since 1970.
        names: the names of the row's cells as JSON, sorted.
        cells: the row's cells as JSON, in the order of the names.
        curve: the validation curve, (epochs,) little-endian float64, and what stands behind it, see `Done`.
        checksum: of all of them, since SQLite keeps none of its own.
        outputs: the raw outputs, little-endian float32; empty where there are none.
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
    outputs: bytes

    @property
    def whole(self) -> bool:
        """Whether the record is as it was stored."""
        return self.checksum == checksum(self.key, self.names, self.cells, self.curve, self.outputs)


def encode(done: Done, written: int) -> Record:
    """Return the record of a finished trial.

    Args:
        done: the trial.
        written: the current time, seconds since 1970.
    """
    row, columns = done.row, tuple(done.row)
    names, in_order = _laid_out(columns)
    cells = _written(in_order(row))  # NaN and infinity go through
    curve, outputs = np.asarray(done.curve, "<f8").tobytes(), np.asarray(done.outputs, "<f4").tobytes()
    key = _key_of_row(row, columns)
    labels = (row["dataset"], row["loss"], row["fingerprint"])
    total = checksum(key, names, cells, curve, outputs)
    return Record(key, *labels, written, names, cells, curve, total, outputs)


_written = json.JSONEncoder(separators=(",", ":")).encode


@cache
def _laid_out(names: tuple[str, ...]) -> tuple[str, Callable[[Row], tuple[Any, ...]]]:
    """Return the names of cells as JSON, sorted, and what takes the cells of a row in this order."""
    return _written(sorted(names)), itemgetter(*sorted(names))


def decode(record: Record) -> Done:
    """Return the finished trial that a record was made of, equal to the last bit.

    Raises:
        ValueError: what is stored is no row, or a cell is none of its column.
    """
    try:
        names, cells = _names(record.names), json.loads(record.cells)
        curve = np.frombuffer(record.curve, dtype="<f8").astype(np.float64)
        outputs = np.frombuffer(record.outputs, dtype="<f4").astype(np.float32)
        row = dict(zip(names, cells, strict=True))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"no row: {error}") from None
    for (name, cell), types in zip(row.items(), _types_of(record.names), strict=True):
        kind = type(cell)  # most cells are numbers or empty, and a call for each would take as long as all else
        if kind not in types or (kind not in PLAIN and not _fits(name, cell)):
            raise ValueError(f"{name} is {cell!r:.50}")
    return Done(row, curve, outputs)


@cache
def _types_of(names: str) -> tuple[frozenset[type], ...]:
    """Return of which types a cell of each column may be; of one that this lossbench does not know, any."""
    columns = (TRIALS.get(name) for name in _names(names))
    return tuple(
        frozenset({str, int, float, bool, NoneType})
        if column is None
        else frozenset((str,) if column.kind == "text" else TYPES[column.kind])
        | ({NoneType} if column.empty else set())
        for column in columns
    )


@cache
def _names(text: str) -> tuple[str, ...]:
    names = tuple(json.loads(text))  # once, so that all rows share the same strings
    absent = [name for name in NEEDED if name not in names]
    if absent:
        raise ValueError(f"no {', '.join(absent)}")
    return names


def _fits(name: str, cell: Any) -> bool:
    """Say whether a cell of a type of its column is one of the column."""
    column = TRIALS.get(name)
    if column is None:
        return True
    if isinstance(cell, str):
        return not hides(cell) and column.admits(cell)
    return type(cell) is not int or abs(cell) <= LARGEST


def checksum(key: object, kind: object, *content: object) -> int:
    """Return a checksum of what is stored; no bytes at the end count as nothing, as before there were outputs.

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
