"""Laws of errors that differ, of heavy tails, of counts, and of a test part that lies elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.data import Dataset, load_dataset, make_fold
from lossbench.data.laws.events import SLOPES

MANY = 40_000


def errors(dataset: Dataset) -> np.ndarray:
    """What a plane leaves of the target."""
    return dataset.target[:, 0] - dataset.features.sum(axis=1) / np.sqrt(10)


@given(rows=st.integers(50, 300))
@pytest.mark.parametrize("name", ["uneven", "heavy", "events", "shifted"])
def test_rows_are_as_asked(name: str, rows: int) -> None:
    """A law gives the number of rows asked for, and every seed its own."""
    dataset = load_dataset(f"{name}:rows={rows}")
    assert dataset.rows == rows
    assert not np.array_equal(dataset.sample(0).target, dataset.sample(1).target)


@pytest.mark.parametrize("growth", [0, 0.5, 1])
def test_uneven_errors_grow_with_the_first_feature(growth: float) -> None:
    """The log of their size by so much a standard deviation; their mean square is that of the noise."""
    dataset = load_dataset(f"uneven:growth={growth}:noise=2:rows={MANY}")
    found, x = errors(dataset), dataset.features[:, 0]
    slope = np.polyfit(x, np.log(np.abs(found)), 1)[0]
    assert abs(slope - growth) < 0.03
    assert abs(np.sqrt((found**2).mean()) - 2) < (
        0.6 if growth == 1 else 0.1
    )  # of growth 1 the square is itself wild


@pytest.mark.parametrize("df", [1, 3, 30])
def test_heavy_errors_are_students(df: float) -> None:
    """Their quartiles are those of Student's t."""
    from scipy.stats import t

    found = errors(load_dataset(f"heavy:df={df}:noise=0.5:rows={MANY}"))
    np.testing.assert_allclose(
        np.quantile(found, [0.25, 0.75, 0.975]) / 0.5, t(df).ppf([0.25, 0.75, 0.975]), rtol=0.06
    )


@pytest.mark.parametrize("dispersion", [0, 0.5])
def test_events_vary_as_their_law_says(dispersion: float) -> None:
    """Mean μ and variance μ + dispersion μ² about the curve, and so many in all on average."""
    dataset = load_dataset(f"events:mean=3:dispersion={dispersion}:rows={MANY}")
    target = dataset.target[:, 0]
    rate = 3 * np.exp(dataset.features @ SLOPES - SLOPES @ SLOPES / 2)
    assert abs(target.mean() - 3) < 0.1
    assert abs(((target - rate) ** 2).mean() / (rate + dispersion * rate**2).mean() - 1) < 0.05


def test_the_test_part_lies_elsewhere_on_the_same_curve() -> None:
    """Training and validation share a law of x, the test part has another; y is one function of it."""
    fold = make_fold(load_dataset(f"shifted:shift=1:noise=0:rows={MANY}"), 3)
    x = {name: fold.dataset.features[getattr(fold, name).rows, 0] for name in ("train", "validation", "test")}
    assert [round(float(values.mean()), 1) for values in x.values()] == [0.5, 0.5, -0.5]
    assert [round(float(values.std()), 1) for values in x.values()] == [0.5, 0.5, 0.3]
    every = fold.dataset.features[:, 0]
    np.testing.assert_allclose(fold.dataset.target[:, 0], every**3 - every)


def test_a_share_of_a_thousandth_can_be_had() -> None:
    """With rows enough for five positive ones; the message says so where there are too few."""
    assert int(load_dataset("imbalanced:positives=0.001:rows=10000").target.sum()) in range(8, 13)
