"""A small table of two features and a target, written as a user would, with any of its columns replaced."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from lossbench.data import Dataset, load_dataset
from lossbench.report.words.remark import words

ROWS = 60
RANDOM = np.random.default_rng(0)
AGES = [int(age) for age in RANDOM.integers(18, 80, ROWS)]
B = [f"{value:.3f}" for value in RANDOM.normal(size=ROWS)]
Y = [f"{age / 10 + float(b):.3f}" for age, b in zip(AGES, B, strict=True)]
DAYS = [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(ROWS)]


def load(folder: Path, more: str = "", *, sep: str = ",", **columns: Iterable[object]) -> Dataset:
    """Load a table of x, b and y, with columns in their places or besides; a column of None is left out."""
    cells = {"x": AGES, "b": B, "y": Y} | columns
    frame = pd.DataFrame({name: list(map(str, values)) for name, values in cells.items() if values is not None})
    frame.to_csv(folder / "own.csv", index=False, sep=sep, quoting=csv.QUOTE_MINIMAL)
    return load_dataset(f"{folder / 'own.csv'}:target=y{more}")


def said(dataset: Dataset) -> str:
    """Return all notes in words."""
    return "\n".join(map(words, dataset.notes))


def but(values: Iterable[object], *other: object, at: int = 7) -> list[object]:
    """Return the values with others from one place on."""
    kept = list(values)
    return [*kept[:at], *other, *kept[at + len(other) :]]
