"""What a Parquet file may hold, type by type: read as it stands, said otherwise, or refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lossbench.data.dataset import Dataset
from lossbench.data.table import load_table
from lossbench.errors import DataError
from lossbench.remark import Topic

ROWS = 60
RANDOM = np.random.default_rng(0)
DAY = dt.date(2024, 1, 1)


def named(value: object) -> str | None:
    """Return the name of a type; what is no type is named by its place, in every process alike."""
    return str(value) if isinstance(value, pa.DataType) else None


def loaded(folder: Path, kind: pa.DataType, value: Callable[[int], Any]) -> Dataset:
    """Load a table with a column of a type, beside a number and a quantity."""
    columns = {"y": RANDOM.normal(size=ROWS), "z": RANDOM.normal(size=ROWS)}
    pq.write_table(pa.table({**columns, "x": pa.array(map(value, range(ROWS)), kind)}), folder / "t.parquet")
    return load_table(f"{folder / 't.parquet'}:target=y")


def column(data: Dataset, name: str = "x") -> list[float]:
    """Return a feature."""
    return [float(value) for value in data.features[:, data.feature_names.index(name)]]


NUMBERS: tuple[tuple[pa.DataType, Callable[[int], Any]], ...] = (
    (pa.int8(), int),
    (pa.uint64(), int),
    (pa.float16(), np.float16),
    (pa.float32(), float),
    (pa.decimal128(10, 2), Decimal),
    (pa.decimal256(50, 2), Decimal),
    (pa.dictionary(pa.int8(), pa.int64()), int),
)


@pytest.mark.parametrize(("kind", "value"), NUMBERS, ids=named)
def test_numbers_of_any_width_are_themselves(tmp_path: Path, kind: pa.DataType, value: Callable) -> None:
    """Whole, decimal, encoded, of two bytes or of thirty-two."""
    assert column(loaded(tmp_path, kind, value)) == list(range(ROWS))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.uint64(), lambda row: 2**63 + 3 * row),
        (pa.int64(), lambda row: 2**53 + row),
        (pa.decimal128(30, 2), lambda row: Decimal("12345678901234567890.12") + row),
    ],
    ids=named,
)
def test_digits_that_a_float_has_not_are_told(tmp_path: Path, kind: pa.DataType, value: Callable) -> None:
    """Of whole and of decimal numbers."""
    assert Topic.DIGITS_LOST in {note.topic for note in loaded(tmp_path, kind, value).notes}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_become_days_and_a_note_says_so(tmp_path: Path, unit: str) -> None:
    """Whatever they are counted in."""
    data = loaded(tmp_path, pa.duration(unit), lambda row: dt.timedelta(hours=6 * row))
    assert column(data) == [row / 4 for row in range(ROWS)]
    assert Topic.DURATIONS in {note.topic for note in data.notes}


@pytest.mark.parametrize(
    "kind", [pa.date32(), pa.date64(), pa.timestamp("ns"), pa.timestamp("s", tz="Europe/Rome")]
)
def test_dates_become_days_and_a_note_says_so(tmp_path: Path, kind: pa.DataType) -> None:
    """Days, or moments in any zone."""
    plain = pa.types.is_date(kind)
    midnight = dt.datetime(2024, 1, 1, tzinfo=None if plain or kind.tz is None else dt.UTC)
    data = loaded(tmp_path, kind, lambda row: (DAY if plain else midnight) + dt.timedelta(days=row))
    assert column(data) == list(range(ROWS))
    assert Topic.DATES in {note.topic for note in data.notes}


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (pa.list_(pa.int64()), lambda row: [row], "list"),
        (pa.list_(pa.float64(), 2), lambda row: [row, 1], "list"),
        (pa.struct({"a": pa.int64()}), lambda row: {"a": row}, "struct"),
        (pa.map_(pa.string(), pa.int64()), lambda row: [("a", row)], "list"),
        (pa.binary(), lambda row: bytes([row]), "bytes"),
        (pa.binary(2), lambda row: bytes([row, 1]), "bytes"),
        (pa.time32("s"), lambda row: dt.time(row % 24), "time"),
        (pa.time64("us"), lambda row: dt.time(row % 24), "time"),
    ],
    ids=named,
)
def test_what_is_neither_is_refused(tmp_path: Path, kind: pa.DataType, value: Callable, told: str) -> None:
    """The column is named, and what it holds."""
    with pytest.raises(DataError, match=rf"'x' holds {told} values.*drop=x"):
        loaded(tmp_path, kind, value)


def test_a_text_that_is_none_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, which a Parquet file may call a text all the same."""
    texts = pa.array([b"Ulm", b"\x80ern"] * (ROWS // 2)).view(pa.string())
    pq.write_table(pa.table({"y": RANDOM.normal(size=ROWS), "town": texts}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"not UTF-8|cannot be read"):
        load_table(f"{tmp_path / 't.parquet'}:target=y")
