"""The key of a trial: a hash of everything that can change a number of its row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from lossbench.spec import title
from lossbench.training.trial import Trial

DIGITS = 32  # 128 bits: two trials never share a key by chance


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
    # Python writes the shortest text that reads back as the same float.
    named = vars(trial) | {"loss": title(trial.loss)}
    text = json.dumps([named, _schema(columns), data_hash, loss_hash, fingerprint])
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def key_of_row(row: Mapping[str, Any]) -> str:
    """Return the key of the trial in a row of `trials.csv`; the row holds everything that is hashed."""
    return key_of(trial_of(row), tuple(row), row["data_hash"], row["loss_hash"], row["fingerprint"])


def trial_of(row: Mapping[str, Any]) -> Trial:
    """Return the trial in a row of `trials.csv`."""
    return Trial(**{field.name: row[field.name] for field in fields(Trial)})


@cache
def _schema(columns: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(sorted(columns)).encode()).hexdigest()
