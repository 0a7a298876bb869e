"""A user's table, as CSV and as Parquet."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

from lossbench.data import load_dataset

from .strategies import scalars, spoilt_bytes, spoilt_csv, texts
from .survives import FEW, folder, survives

DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "size": DRAW.normal(size=24).round(3),
        "town": ["Ulm", "Bern", "Graz"] * 8,
        "when": pd.date_range("2020-01-01", periods=24).astype(str),
        "rooms": DRAW.integers(1, 6, 24),
        "price": DRAW.normal(10, size=24).round(2),
        "sold": ["yes", "no"] * 12,
    }
)
USABLE = FRAME.drop(columns="when")
TARGETS = st.sampled_from(["price", "sold", "town", "rooms", "price:task=regression", "sold:task=binary"])


@given(spoilt_csv(USABLE.to_csv(index=False)), TARGETS)
def test_any_csv_file_is_read_or_refused(content: bytes, target: str) -> None:
    """It is read, or refused with what is wrong in it."""
    with folder(shop_csv=content) as place:
        survives(lambda: load_dataset(f"{place}/shop.csv:target={target}"))


@given(spoilt_bytes(USABLE.to_parquet()), TARGETS)
def test_any_parquet_file_is_read_or_refused(content: bytes, target: str) -> None:
    """Its bytes are checked before they are believed."""
    with folder(shop_parquet=content) as place:
        survives(lambda: load_dataset(f"{place}/shop.parquet:target={target}"))


def saved() -> bytes:
    """Write images, a class and a weight as numpy does."""
    file = io.BytesIO()
    np.savez(file, X=DRAW.normal(size=(24, 3, 2)), sold=np.array(["yes", "no"] * 12), w=np.arange(24.0))
    return file.getvalue()


@given(spoilt_bytes(saved()))
def test_any_file_of_arrays_is_read_or_refused(content: bytes) -> None:
    """No byte of it is believed."""
    with folder(shop_npz=content) as place:
        survives(lambda: load_dataset(f"{place}/shop.npz:target=sold:weight=w"))


def series(size: int) -> st.SearchStrategy[list[object]]:
    """Draw the values of a column: of one kind, or of any."""
    kinds = [st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), texts, st.binary(max_size=3)]
    kinds += [st.dates(), st.datetimes(), st.timedeltas(), st.decimals(allow_nan=False), st.lists(st.integers())]
    one = st.one_of([st.lists(kind | st.none(), min_size=size, max_size=size) for kind in kinds])
    return one | st.lists(scalars, min_size=size, max_size=size)


@FEW
@given(series(24), texts, TARGETS)
def test_a_parquet_file_of_any_types_is_read_or_refused(values: list[object], name: str, target: str) -> None:
    """Whatever a column holds that can be written at all."""
    file = io.BytesIO()
    try:
        USABLE.assign(**{name: values}).to_parquet(file)
    except Exception:  # pyarrow has no type for it
        return
    with folder(shop_parquet=file.getvalue()) as place:
        survives(lambda: load_dataset(f"{place}/shop.parquet:target={target}"))


FLOATS = [column("a", dtype=float), column("b", dtype=float)]


@FEW
@given(data_frames(FLOATS, index=range_indexes(min_size=20, max_size=30)))
def test_numbers_of_any_size_are_read_or_refused(frame: pd.DataFrame) -> None:
    """The largest and the smallest, infinite and missing ones."""
    with folder(numbers_csv=frame.to_csv(index=False).encode()) as place:
        survives(lambda: load_dataset(f"{place}/numbers.csv:target=b:task=regression"))


WRITTEN = """|?|-|.|,|NA|None|-2|+3.5|1,5|1,234|1.234,5|1 234|0012|1e400|inf|12 kg|€3|5%|<5|2024-02-30|2024-12-31|
31.12.2024|1/2/2024|true|TRUE|yes |(5)|−1|1e5e5|٣|\u00a0|a b"""
CELLS = st.sampled_from([*WRITTEN.replace("\n", "").split("|"), "9" * 400, "1" + ",000" * 9])
STATED = "drop=t drop=y decimal=, decimal=. na=? na=?,1 na=, sep=; sep=space group=t task=regression task=binary"
OPTIONS = st.sampled_from(["", *(f":{option}" for option in STATED.split()), ":na=-:drop=z"])


@FEW
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=10, max_size=30),
    st.sampled_from(",;\t| "),
    OPTIONS,
    st.lists(CELLS, min_size=1, max_size=2),
)
def test_odd_values_do_no_harm(rows: list[tuple[str, ...]], mark: str, options: str, few: list[str]) -> None:
    """Whatever people write into a table, with any separator, and whatever is said of it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=mark)
    writer.writerows([("t", "z", "y"), *((few[i % len(few)], *row[1:]) for i, row in enumerate(rows))])
    with folder(odd_csv=text.getvalue().encode()) as place:
        survives(lambda: load_dataset(f"{place}/odd.csv:target=y{options}"))
