from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.store.record import Record, decode, encode

from .cases import Row, curve, row, same

CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@settings(deadline=None, max_examples=100)
@given(
    st.dictionaries(st.text(), CELLS).map(lambda cells: cells | row()),
    arrays(np.float64, st.integers(0, 30), elements=st.floats()),
)
def test_any_row_and_curve_come_back(row: Row, curve: np.ndarray) -> None:
    """Every float to the last bit; NaN and None, and True and 1, stay apart; every NaN of a curve is kept."""
    assert same(decode(encode(row, curve, 0)), (row, curve))


def test_one_float_that_is_all_of_them() -> None:
    """Zeros of both signs, the smallest and the largest, infinities and NaN are told apart."""
    special = [0.0, -0.0, 5e-324, 1.7976931348623157e308, float("inf"), -float("inf"), float("nan"), 0.1 + 0.2]
    cells = row() | {f"cell_{index}": value for index, value in enumerate(special)}
    assert same(decode(encode(cells, np.array(special), 0)), (cells, np.array(special)))


def test_a_curve_of_a_view_comes_back() -> None:
    """A pack's curves are rows of one matrix, and a reader may write into what it gets."""
    curves = np.random.default_rng(0).random((3, 8))
    _, found = decode(encode(row(), curves[:, 1], 0))
    assert (found == curves[:, 1]).all()
    found[0] = 7.0


@pytest.mark.parametrize("name", ["key", "names", "cells", "curve", "checksum"])
@pytest.mark.parametrize("value", [None, 3, "x", b"x"], ids=repr)
def test_damage_is_seen(name: str, value: Any) -> None:
    """A record with any part changed, to whatever value, is not whole."""
    record = encode(row(), curve(), 0)
    assert record.whole
    assert not record._replace(**{name: value}).whole


def test_a_record_is_texts_and_bytes() -> None:
    """No part of a record can run code: there is no pickle."""
    record = encode(row(), curve(), 0)
    assert isinstance(record, Record)
    assert {type(value) for value in record} == {str, int, bytes}
    assert record.curve == curve().astype("<f8").tobytes()
