"""The key of a trial: a prefix that orders the store, and a hash of everything that can change its row.

The prefix has the data set with the model, and the seed. Trials are trained seed by seed, so their keys are nearly
sorted, and a pack touches a few pages of the index, not one for each of its rows.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from lossbench.schema import USUAL
from lossbench.spec import title
from lossbench.training.trial import Trial

DIGITS = 32  # hexadecimal digits of the hash, 128 bits: two trials never share a key by chance
SEEDS = 2**32  # larger seeds share a prefix
SETTINGS = 4096  # settings kept in memory

Row = dict[str, Any]

DESCRIBED = tuple(field.name for field in fields(Trial))
SEED = DESCRIBED.index("seed")
NEEDED = (*(name for name in DESCRIBED if name not in USUAL), "data_hash", "loss_hash", "fingerprint")
"""The cells that every key is made of, with their names; rows of an older lossbench have only these."""


def key_of(trial: Trial, columns: tuple[str, ...], data_hash: str, loss_hash: str, fingerprint: str) -> str:
    """Return the key of a trial, 44 hexadecimal digits: 4 for data set and model, 8 for the seed, and the hash.

    Args:
        trial: what is trained; every field counts, floats to the last bit, except for the sign of a zero.
        columns: the names of a row's cells, in any order. A row with one more column has another key.
        data_hash: the digest of the data set.
        loss_hash: the digest of the loss's source and parameters.
        fingerprint: the digest of engine, versions and kind of processor.

    Example:
        >>> trial = Trial("iris", "multiclass", "mlp:16", "ce", "adam", 0.01, 0.0, 0.0, 32, 100, "none", 0.0, 7)
        >>> key = key_of(trial, ("status", "accuracy"), "5c7416871b74", "12561a5e20fc", "7d6be655fed8")
        >>> other = key_of(trial, ("status", "accuracy"), "5c7416871b74", "12561a5e20fc", "ffffffffffff")
        >>> len(key), key[4:12], key == other
        (44, '00000007', False)
    """
    return _key(DESCRIBED, columns, *vars(trial).values(), data_hash, loss_hash, fingerprint)


def key_of_row(row: Mapping[str, Any]) -> str:
    """Return the key of the trial in a row of `trials.csv`; the row holds everything that is hashed."""
    columns = tuple(row)
    names, take = _described(columns)
    return _key(names, columns, *take(row))


def hash_in(key: str) -> str:
    """Return the hash in a key; before the third format of the store a key was only that hash."""
    return key[-DIGITS:]


def trial_of(row: Mapping[str, Any]) -> Trial:
    """Return the trial in a row of `trials.csv`."""
    return Trial(**{name: row[name] for name in DESCRIBED if name in row})


def _key(names: tuple[str, ...], columns: tuple[str, ...], *cells: Any) -> str:
    """Return the key of a trial from its cells, by their names, and its hashes."""
    seed = cells[SEED]
    region, before, after = _around(names, columns, *cells[:SEED], 0, *cells[SEED + 1 :])
    digest = hashlib.sha256(f"{before}{seed}{after}".encode()).hexdigest()[:DIGITS]
    return f"{region}{seed % SEEDS:08x}{digest}"


@lru_cache(SETTINGS, typed=True)  # 1 and 1.0 make two keys
def _around(names: tuple[str, ...], columns: tuple[str, ...], *cells: Any) -> tuple[str, str, str]:
    """Return the first part of the prefix, and the text that is hashed before the seed and after it."""
    values: list[Any] = [cell + 0.0 if isinstance(cell, float) else cell for cell in cells]  # -0.0 becomes 0.0
    trial, hashes = dict(zip(names, values, strict=False)), values[len(names) :]
    # Python writes the shortest text that reads back as the same float.
    text = _text([{**trial, "loss": title(trial["loss"])}, _schema(columns), *hashes])
    before, after = text.split('"seed": 0')  # unique: inside a string the quotes would be escaped
    return _region(trial["dataset"], trial["model"]), f'{before}"seed": ', after


def _region(dataset: str, model: str) -> str:
    named = json.dumps([dataset, model]).encode()
    return f"{zlib.crc32(named) % 2**16:04x}"  # need not be unique: it only orders the store


_text = json.JSONEncoder().encode


@cache
def _described(columns: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return the names of the cells that describe a trial, and a function that takes them and the hashes."""
    names = tuple(name for name in DESCRIBED if name in columns)
    return names, itemgetter(*names, "data_hash", "loss_hash", "fingerprint")


@cache
def _schema(columns: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(sorted(columns)).encode()).hexdigest()
