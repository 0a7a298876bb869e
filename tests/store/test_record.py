from __future__ import annotations

import math
import re
import subprocess
import sys
import zlib
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.schema import COLUMNS, USUAL
from lossbench.store import key_of
from lossbench.store.key import key_of_row, trial_of
from lossbench.store.record import Done, Record, checksum, decode, encode
from lossbench.training.trial import Trial

from .cases import Row, curve, key, older, row, same, trial

CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@settings(deadline=None, max_examples=25)
@given(
    st.dictionaries(st.text().filter(lambda name: name not in COLUMNS), CELLS).map(lambda cells: cells | row()),
    arrays(np.float64, st.integers(0, 30), elements=st.floats()),
)
def test_any_row_and_curve_come_back(row: Row, curve: np.ndarray) -> None:
    """Every float to the last bit; NaN and None, and True and 1, stay apart; every NaN of a curve is kept."""
    done = Done(row, curve)
    assert same(decode(encode(done, 0)), done)
    assert same(decode(older(done)), done)


def test_one_float_that_is_all_of_them() -> None:
    """Zeros of both signs, the smallest and the largest, infinities and NaN are told apart."""
    special = [0.0, -0.0, 5e-324, 1.7976931348623157e308, float("inf"), -float("inf"), float("nan"), 0.1 + 0.2]
    cells = row() | {f"cell_{index}": value for index, value in enumerate(special)}
    assert same(decode(encode(Done(cells, np.array(special)), 0)), Done(cells, np.array(special)))


def test_a_curve_of_a_view_comes_back() -> None:
    """A pack's curves are rows of one matrix, and a reader may write into what it gets."""
    curves = np.random.default_rng(0).random((3, 8))
    _, found, _ = decode(encode(Done(row(), curves[:, 1]), 0))
    assert (found == curves[:, 1]).all()
    found[0] = 7.0


@pytest.mark.parametrize("name", ["key", "layout", "cells", "curve", "checksum", "outputs"])
@pytest.mark.parametrize("value", [None, 3, "x", b"x"], ids=repr)
def test_damage_is_seen(name: str, value: Any) -> None:
    """A record with any part changed, to whatever value, is not whole."""
    for record in (encode(Done(row(), curve()), 0), older(Done(row(), curve()))):
        assert record.intact
        assert not record._replace(**{name: value}).intact


@given(st.lists(st.text() | st.binary() | st.none() | st.integers(), min_size=3, max_size=5), st.booleans())
def test_the_checksum_is_that_of_older_stores(content: list[Any], outputs: bool) -> None:
    """It is of the values as Python writes a tuple of them, as ever; no outputs at the end count as nothing."""
    content.append(b"x" if outputs else b"")
    assert checksum(*content) == zlib.crc32(repr(tuple(content if outputs else content[:-1])).encode())


def test_a_record_is_texts_and_bytes() -> None:
    """No part of a record can run code: there is no pickle."""
    record = encode(Done(row(), curve()), 0)
    assert isinstance(record, Record)
    assert {type(value) for value in record} == {str, int, bytes}
    assert record.curve == curve().astype("<f8").tobytes()


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


def test_equal_zeros_are_one_trial_and_equal_numbers_of_two_types_are_two() -> None:
    """Whichever is asked for first."""
    keys = [key_of(**PLAIN | {"trial": trial(l1=l1)}) for l1 in (-0.0, 0.0, 1, 1.0, True, 0)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


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


def test_a_row_of_before_is_that_of_the_usual_trial() -> None:
    """What an older lossbench stored lacks the cells that trials have since, and is read as it was written."""
    stored = {name: cell for name, cell in row().items() if name not in USUAL}
    assert trial_of(stored) == trial()
    assert decode(encode(Done(stored, curve()), 0)).row == stored
    assert key_of_row(stored) != key_of_row(row())


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


def test_a_key_is_a_place_and_32_hexadecimal_digits() -> None:
    """Long enough to be unique."""
    assert re.fullmatch("[0-9a-f]{12}[0-9a-f]{32}", key_of(**PLAIN))


@given(st.lists(st.tuples(st.sampled_from(["iris", "wine"]), st.integers(0, 2**32 - 1)), max_size=8))
def test_keys_of_one_data_set_are_in_the_order_of_their_seeds(trials: list[tuple[str, int]]) -> None:
    """So the keys of a pack, which has seeds that follow each other, lie side by side."""
    keys = {key(row(seed, dataset=dataset)): (dataset, seed) for dataset, seed in trials}
    in_order = [keys[one] for one in sorted(keys)]
    for name in ("iris", "wine"):
        seeds = [seed for dataset, seed in in_order if dataset == name]
        assert seeds == sorted(seeds)
    assert len({one[:4] for one in keys}) == len({dataset for dataset, _ in trials})
