"""Finished trials, from which the tests of the store are built. Imports little, since processes start with it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from lossbench.store import Done, Store, key_of
from lossbench.store.key import hash_in
from lossbench.store.record import Record, checksum, encode
from lossbench.training.trial import Trial

Row = dict[str, Any]
Finished = Done


def trial(seed: int = 0, **changes: Any) -> Trial:
    """Return a trial with defaults but for the changes."""
    plain = Trial("iris", "multiclass", "mlp:16", "ce", "adam", 0.01, 0.0, 0.0, 32, 100, "none", 0.0, seed)
    return Trial(**(asdict(plain) | changes))


def row(seed: int = 0, **changes: Any) -> Row:
    """Return a row with scores drawn by seed and defaults but for the changes."""
    scores = {f"score_{index}": float(score) for index, score in enumerate(curve(seed, 30))}
    hashes = dict.fromkeys(("data_hash", "loss_hash", "fingerprint"), "0123456789ab")
    others = {"status": "ok", "converged": True, "epochs_to_target": 3, "diverged_epoch": None}
    return asdict(trial(seed)) | scores | hashes | others | changes


def curve(seed: int = 0, epochs: int = 20) -> np.ndarray:
    """Return a validation curve, drawn by seed."""
    return np.random.default_rng(seed).random(epochs)


def outputs(seed: int = 0) -> np.ndarray:
    """Return raw outputs, drawn by seed."""
    return np.random.default_rng(seed).normal(size=12).astype(np.float32)


def block(seeds: range | list[int], **changes: Any) -> list[Finished]:
    """Return finished trials of some seeds."""
    return [Done(row(seed, **changes), curve(seed), outputs(seed)) for seed in seeds]


def older(done: Finished) -> Record:
    """Return the record that was made before the third format: a shorter key, all cells as JSON."""
    record, names = encode(done, 0), sorted(done.row)
    texts = [json.dumps(part, separators=(",", ":")) for part in (names, [done.row[name] for name in names])]
    total = checksum(hash_in(record.key), *texts, record.curve, record.outputs)
    return record._replace(key=hash_in(record.key), layout=texts[0], cells=texts[1], checksum=total)


def key(row: Row) -> str:
    """Return the key of a row from what a run knows before the training."""
    wanted = Trial(**{field.name: row[field.name] for field in fields(Trial)})
    return key_of(wanted, tuple(row), row["data_hash"], row["loss_hash"], row["fingerprint"])


def same(found: Finished, expected: Finished) -> bool:
    """Say whether two rows have the same values of the same types, and their curves and outputs the same bits."""
    ours, theirs = (repr(sorted(done.row.items())) for done in (found, expected))
    kinds = found.curve.dtype == np.float64 and found.outputs.dtype == np.float32
    bits = [(done.curve.tobytes(), done.outputs.tobytes()) for done in (found, expected)]
    return ours == theirs and kinds and bits[0] == bits[1]


def holds(store: Store, trials: list[Finished]) -> bool:
    """Say whether a store holds these trials, unchanged, and no others."""
    found = store.get([key(done.row) for done in trials])
    return len(store) == len(found) == len(trials) and all(same(found[key(done.row)], done) for done in trials)
