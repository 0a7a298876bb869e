"""Rows as the unit: the variance over rows and splits is what a law says, whatever the order of the cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.stats.rows import TRAINED_AND_TESTED, Contributions, over_rows

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


def squares(parts: np.ndarray, *groups: np.ndarray) -> np.ndarray:
    """Return the square of the sum of the parts (cells,) of each group of cells, one by one."""
    sums: dict[tuple[int, ...], float] = {}
    for part, *group in zip(parts, *groups, strict=True):
        sums[tuple(group)] = sums.get(tuple(group), 0.0) + part
    return np.array(list(sums.values())) ** 2


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(2, 12), st.floats(0.0, 1.0))
def test_the_estimate_is_that_of_the_formulas(seed: int, splits: int, units: int, choice: float) -> None:
    """Summed cell by cell, for parts of any size and units that a split tests more than once; and Satterthwaite's.

    His degrees of freedom of a sum of U squares are twice the square of their mean over the variance of that mean,
    which for two, equal but for their signs, is zero.
    """
    random = np.random.default_rng(seed)
    place = np.concatenate([np.arange(splits), random.integers(0, splits, 40)])
    unit = np.concatenate([np.arange(units), random.integers(0, units, splits + 40 - units)])
    values = random.normal(size=len(unit)) + random.normal(size=units)[unit] ** 3
    weight = 1.0 / (splits * np.bincount(place)[place])
    mean = sum(weight * values)
    row, split, both = (squares(weight * (values - mean), *keys) for keys in ([unit], [place], [unit, place]))
    lasting = TRAINED_AND_TESTED * max(0.0, units / (units - 1) * row.sum() - both.sum())
    fading = splits / (splits - 1) * split.sum()
    variance = lasting + choice + fading
    found = over_rows(values[None], unit, place).widened(np.array([choice])).at()
    np.testing.assert_allclose([found.mean, found.error**2], [[mean], [variance]], rtol=1e-6, atol=1e-12)
    assert found.n == units
    if units > 2:
        free = 2.0 * row.mean() ** 2 / (row.var() / units)
        parts = (lasting + choice) ** 2 / free + fading**2 / (splits - 1)
        np.testing.assert_allclose(found.freedom, min(variance**2 / parts, units - 1), rtol=1e-6)


def test_splits_move_the_mean_as_far_as_is_said() -> None:
    """Split anew many times, the means of one table scatter by what is said of a single set of its splits."""
    random, splits = np.random.default_rng(1), 8
    by_row, means, said = random.normal(scale=2.0, size=ROWS), [], []
    for number in range(400):
        unit, place = cells(splits, number)
        noise = random.normal(scale=0.5, size=splits)[place] + random.normal(size=len(unit))
        found = over_rows((by_row[unit] + noise)[None], unit, place)
        means.append(found.mean[0])
        said.append(found.wandering[0] ** 2)
    assert np.var(means) == pytest.approx(np.mean(said), rel=0.15)
    chosen = found.widened(np.array([0.7]))
    assert chosen.wandering[0] ** 2 == pytest.approx(said[-1] + 0.7)
    assert np.isnan(over_rows(np.zeros((1, TEST)), *cells(1)).wandering)


@given(st.integers(0, 1000), st.sampled_from([2, 9]))
def test_more_rows_shrink_every_part_of_the_error(seed: int, times: int) -> None:
    """With so many times the rows, each as these, the variance is so many times smaller, and rests on more."""
    values = np.random.default_rng(seed).normal(size=(2, 6 * TEST)) ** 3
    spread = over_rows(values, *cells(6, seed)).widened(np.array([0.0, 1e-3]))
    once, often = spread.at(), spread.with_rows(np.full(2, times)).at()
    np.testing.assert_allclose(often.error * np.sqrt(times), once.error)
    np.testing.assert_array_equal([often.mean, often.n], [once.mean, times * once.n])
    few, many = (known.at(np.full(2, 1e12)).freedom for known in (spread, spread.with_rows(np.full(2, times))))
    np.testing.assert_allclose(many[few < once.n - 1], times * few[few < once.n - 1])
    assert (often.freedom >= once.freedom).all()


@given(st.lists(st.sampled_from([0.5, 2.0, 6.0, np.nan]), min_size=3, max_size=3), st.booleans())
def test_a_row_is_worth_what_it_may_count_on_the_average(worth: list[float], counted: bool) -> None:
    """Of two losses the larger decides; where it is not known, one row counts as one, or as none."""
    unit, split = np.arange(30) % 10, np.repeat(np.arange(3), 10)
    one = np.stack([np.full(30, 1.0), np.array(worth)[split]])
    defined = [value for value in worth if not np.isnan(value)] or [float(counted)]
    scores, pair = np.zeros((2, 30)), (np.array([0]), np.array([1]))
    found = Contributions(scores, unit, split, one).difference(*pair, counted)
    alike = Contributions(scores, unit, split).difference(*pair, counted)
    assert found.step == pytest.approx(max(1.0, np.mean(defined)))
    assert alike.step == float(counted)


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
