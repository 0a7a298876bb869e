from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.store import key_of
from lossbench.store.key import key_of_row, trial_of
from lossbench.training.trial import Trial

from .cases import key, row, trial

PLAIN: dict[str, Any] = {
    "trial": trial(),
    "columns": ("status", "accuracy"),
    "data_hash": "d",
    "loss_hash": "l",
    "fingerprint": "f",
}


def other(value: Any) -> Any:
    """Return the next value of a type: a float differs in its last bit."""
    if isinstance(value, str):
        return value + "x"
    return math.nextafter(value, math.inf) if isinstance(value, float) else value + 1


@pytest.mark.parametrize("field", fields(Trial), ids=lambda field: field.name)
def test_every_field_of_a_trial_makes_another_key(field: Any) -> None:
    """The smallest change of any field is another trial."""
    changed = trial(**{field.name: other(getattr(trial(), field.name))})
    assert key_of(**PLAIN | {"trial": changed}) != key_of(**PLAIN)


@pytest.mark.parametrize("name", ["data_hash", "loss_hash", "fingerprint"])
def test_every_hash_makes_another_key(name: str) -> None:
    """Other data, another loss source, another version or machine: another trial."""
    assert key_of(**PLAIN | {name: "other"}) != key_of(**PLAIN)


def test_hashes_are_not_interchangeable() -> None:
    """The same hash in another role is another trial."""
    assert key_of(**PLAIN | {"data_hash": "l", "loss_hash": "d"}) != key_of(**PLAIN)


@pytest.mark.parametrize("columns", [("status",), ("status", "accuracy", "f1"), ("status", "accuracies")])
def test_a_row_with_other_columns_has_another_key(columns: tuple[str, ...]) -> None:
    """A version of lossbench with more scores does not use the rows of one with fewer."""
    assert key_of(**PLAIN | {"columns": columns}) != key_of(**PLAIN)


def test_the_order_of_the_columns_does_not_matter() -> None:
    """A row is a dictionary: its order is no part of the result."""
    assert key_of(**PLAIN | {"columns": ("accuracy", "status")}) == key_of(**PLAIN)


@settings(deadline=None, max_examples=25)
@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.integers(min_value=0), st.text())
def test_a_rows_key_is_its_trials(lr: float, l2: float, seed: int, loss: str) -> None:
    """The key before the training is the key of the stored row."""
    stored = row(seed, lr=lr, l2=l2, loss=loss)
    assert trial_of(stored) == trial(seed, lr=lr, l2=l2, loss=loss)
    assert key_of_row(stored) == key(stored)


def test_a_key_is_the_same_in_another_process() -> None:
    """The key does not depend on Python's hash seed."""
    program = (
        f"from lossbench.store import key_of; from lossbench.training.trial import Trial; print(key_of(**{PLAIN}))"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert keys == {key_of(**PLAIN) + "\n"}


def test_a_key_is_32_hexadecimal_digits() -> None:
    """Short enough to read, and long enough to be unique."""
    assert re.fullmatch("[0-9a-f]{32}", key_of(**PLAIN))
