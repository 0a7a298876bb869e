"""`rows.npz` comes back as it was written, and is refused where it is not of the trials beside it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lossbench import Comparison
from lossbench.errors import DataError
from lossbench.remark import Topic
from lossbench.results.remake import remake
from lossbench.results.rows_file import ROWS, read_rows, rows_bytes
from lossbench.stats.row_scores import RowScores

Columns = dict[str, np.ndarray]


def written(columns: Columns) -> bytes:
    """Return a file with these arrays."""
    content = io.BytesIO()
    np.savez(content, **columns)
    return content.getvalue()


def columns_of(contributed: RowScores | None) -> Columns:
    """Return the arrays of a file."""
    with np.load(io.BytesIO(rows_bytes(contributed))) as file:
        return {name: file[name] for name in file.files}


def test_rows_come_back_to_the_bit(comparison: Comparison, tmp_path: Path) -> None:
    """What is read is what was written; anybody can read it as columns of one table."""
    (tmp_path / ROWS).write_bytes(rows_bytes(comparison.contributed))
    found = read_rows(tmp_path / ROWS, comparison.trials)
    assert rows_bytes(found) == rows_bytes(comparison.contributed)
    frame = pd.DataFrame(columns_of(comparison.contributed))
    assert len(frame) == comparison.trials.test_rows[np.unique(frame.trial)].sum()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda columns: columns | {"accuracy": columns["accuracy"] * 0 + 2},
            "accuracy differs in trials.csv",
        ),
        (lambda columns: columns | {"trial": columns["trial"][::-1]}, "order of the"),
        (lambda columns: columns | {"trial": columns["trial"] + 9999}, "order of the"),
        (lambda columns: columns | {"unit": columns["unit"][1:]}, "unit is not int32 of length"),
        (lambda columns: columns | {"unit": columns["unit"] * 1.0}, "unit is not int32"),
        (lambda columns: columns | {"trial": columns["trial"][None]}, "trial is no row"),
        (lambda columns: columns | {"speed": columns["accuracy"]}, "'speed'"),
        (lambda columns: {"unit": columns["unit"]}, "'grouped', 'trial'"),
    ],
)
def test_rows_of_something_else_are_refused(
    spoil: Callable[[Columns], Columns], said: str, comparison: Comparison, tmp_path: Path
) -> None:
    """The message names the file, what is wrong, and what to do."""
    (tmp_path / ROWS).write_bytes(written(spoil(columns_of(comparison.contributed))))
    with pytest.raises(DataError, match=f"{ROWS}: .*{said}.*; restore it, or remove it"):
        read_rows(tmp_path / ROWS, comparison.trials)


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", written({"trial": np.array([object()])})])
def test_what_is_no_file_of_rows_is_refused(content: bytes, comparison: Comparison, tmp_path: Path) -> None:
    """Empty, cut short, of another program, or with code in it: one message."""
    (tmp_path / ROWS).write_bytes(content)
    with pytest.raises(DataError, match=f"{ROWS} cannot be read"):
        read_rows(tmp_path / ROWS, comparison.trials)


def test_without_the_file_seeds_are_the_unit_and_it_is_said(comparison: Comparison, tmp_path: Path) -> None:
    """The tables are made from the trials alone, over seeds; the reader is told why they differ."""
    comparison.save(tmp_path)
    (tmp_path / ROWS).unlink()
    remade = remake(tmp_path)
    assert Topic.NO_ROWS() in list(remade.remarks())
    assert set(remade.summary.unit.dropna()) == {"seed"}
    assert set(remake_with(comparison, tmp_path).summary.unit.dropna()) >= {"row"}


def remake_with(comparison: Comparison, folder: Path) -> Comparison:
    """Return the run made again with its rows."""
    comparison.save(folder)
    return remake(folder)
