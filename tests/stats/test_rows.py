"""Rows as the unit: the variance over rows and splits is what a law says, whatever the order of the cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.stats.rows import TRAINED_AND_TESTED, over_rows

ROWS, TEST = 60, 15


def cells(splits: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows each split tests, (splits * TEST,), and the split of each cell."""
    random = np.random.default_rng(seed)
    tested = np.concatenate([random.permutation(ROWS)[:TEST] for _ in range(splits)])
    return tested, np.repeat(np.arange(splits), TEST)


def drawn(tables: int, splits: int, row: float, split: float, cell: float) -> tuple[np.ndarray, ...]:
    """Return differences of tables whose rows, splits and cells have effects of these standard deviations."""
    random, (unit, place) = np.random.default_rng(5), cells(splits)
    effects = random.normal(scale=row, size=(tables, ROWS))[:, unit]
    effects += random.normal(scale=split, size=(tables, splits))[:, place] if split else 0.0
    return effects + random.normal(scale=cell, size=effects.shape), unit, place


@pytest.mark.parametrize(("row", "split", "cell"), [(1.0, 0.0, 0.1), (0.2, 0.5, 1.0), (0.0, 0.0, 1.0)])
def test_the_variance_is_that_of_rows_counted_twice_and_splits(row: float, split: float, cell: float) -> None:
    """On the average of tables it is twice what rows share between splits + the variance over splits, to a sixth.

    Where rows share nothing, a part that cannot be negative is a little too large.
    """
    splits = 20
    values, unit, place = drawn(1500, splits, row, split, cell)
    found = np.mean(over_rows(values, unit, place).at().error ** 2)
    tested = np.bincount(unit, minlength=ROWS)
    lasting = row**2 * (tested**2 - tested).sum() / tested.sum() ** 2
    fading = (split**2 + (cell**2 + row**2 * (1 - TEST / ROWS)) / TEST) / splits
    assert found == pytest.approx(TRAINED_AND_TESTED * lasting + fading, rel=1 / 6)


@pytest.mark.parametrize(("row", "split", "cell"), [(1.0, 0.0, 0.1), (0.2, 0.5, 1.0), (0.0, 0.0, 1.0)])
@pytest.mark.parametrize("splits", [5, 20])
def test_an_interval_covers_the_law(splits: int, row: float, split: float, cell: float) -> None:
    """The law's difference of zero is in at least 94 % of intervals, and a test finds it in at most 6 %."""
    values, unit, place = drawn(1500, splits, row, split, cell)
    found = over_rows(values, unit, place).at()
    assert np.mean((found.interval().low <= 0) & (found.interval().high >= 0)) > 0.94
    assert np.mean(found.p_value() < 0.05) < 0.06


@given(st.integers(0, 1000), st.floats(-3, 3), st.sampled_from([0.5, 2.0]))
def test_order_level_and_scale_mean_nothing(seed, level, scale) -> None:
    """Cells in any order give the same estimate; a level added moves the mean alone, and a scale all of it."""
    random, (unit, place) = np.random.default_rng(seed), cells(4, seed)
    values, order = random.normal(size=(2, len(unit))), random.permutation(len(unit))
    plain = over_rows(values, unit, place).at()
    mixed = over_rows(values[:, order], unit[order], place[order]).at()
    moved = over_rows(values * scale + level, unit, place).at()
    for name in ("mean", "error", "freedom", "n"):
        np.testing.assert_allclose(getattr(mixed, name), getattr(plain, name), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(moved.mean, plain.mean * scale + level, atol=1e-9)
    np.testing.assert_allclose(moved.error, plain.error * scale, rtol=1e-6)


def test_an_undefined_cell_takes_its_split_with_it() -> None:
    """A score that is undefined in a split leaves the estimate of the other splits; other pairs keep all."""
    (unit, place), values = cells(5), np.random.default_rng(2).normal(size=(2, 5 * TEST))
    spoilt = values.copy()
    spoilt[0, 2 * TEST] = np.nan
    found, rest = over_rows(spoilt, unit, place).at(), place != 2
    without = over_rows(values[:1, rest], unit[rest], place[rest]).at()
    whole = over_rows(values[1:], unit, place).at()
    assert (found.mean[0], found.error[0]) == (without.mean[0], without.error[0])
    assert (found.mean[1], found.error[1]) == (whole.mean[0], whole.error[0])


@pytest.mark.parametrize("splits", [0, 1])
def test_one_split_says_nothing_of_the_others(splits: int) -> None:
    """With fewer than two splits there is a mean at most, and no error."""
    unit, place = cells(splits) if splits else (np.empty(0, int), np.empty(0, int))
    found = over_rows(np.zeros((1, len(unit))), unit, place).at()
    assert np.isnan(found.error).all()
    assert np.isnan(found.mean).all() == (splits == 0)


def test_more_splits_leave_what_is_due_to_the_rows() -> None:
    """With a hundred times as many splits, the error is hardly more than that of the rows, and never less."""
    values, unit, place = drawn(20, 6, 1.0, 1.0, 1.0)
    spread = over_rows(values, unit, place)
    many = spread.at(np.full(20, 600))
    np.testing.assert_allclose(many.error**2, spread.lasting + spread.fading / 600)
    assert (many.error < spread.at().error).all()


def test_equal_rows_that_are_one_group_count_once() -> None:
    """Rows that stand twice, kept together as one unit, give the estimate of the rows that stand once."""
    (unit, place), values = cells(6), np.random.default_rng(3).normal(size=(1, 6 * TEST))
    once = over_rows(values, unit, place).at()
    twice = over_rows(np.tile(values, 2), np.tile(unit, 2), np.tile(place, 2)).at()
    for name in ("mean", "error", "freedom", "n"):
        np.testing.assert_allclose(getattr(twice, name), getattr(once, name))
