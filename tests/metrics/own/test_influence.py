"""What rows contribute to any function of them: summands where it is a mean, and else how it moves with each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.metrics.own.influence import MOST, drawn, kinds_of, shares
from lossbench.metrics.prediction import predict
from lossbench.metrics.regression import rmse
from lossbench.metrics.scores import function_of
from lossbench.schema import METRICS

NUMBERS = st.floats(-10, 10, width=32).map(float)


def absolute(target: np.ndarray, seen: np.ndarray) -> float:
    """Return a mean over rows."""
    return float(np.abs(target - seen).mean())


def root(target: np.ndarray, seen: np.ndarray) -> float:
    """Return a smooth function of one."""
    return float(np.sqrt(((target - seen) ** 2).mean()))


@given(data=st.data(), n=st.integers(2, 12))
def test_of_a_mean_they_are_the_summands(data: st.DataObject, n: int) -> None:
    """Whatever the rows are; and their mean is the score."""
    target, seen = (data.draw(arrays(np.float64, n, elements=NUMBERS)) for _ in range(2))
    found = shares(absolute, target, seen, np.arange(n))
    np.testing.assert_allclose(found, np.abs(target - seen), atol=1e-9)
    assert found.mean() == pytest.approx(absolute(target, seen))


def test_of_a_smooth_score_they_are_nearly_its_derivatives() -> None:
    """As the built-in scores have them, which know their formula."""
    draw = np.random.default_rng(0)
    target, error = draw.normal(size=(2, 80))
    found = shares(root, target, target + error, np.arange(80))
    exact = rmse.contributions(
        target[None, :, None], predict((target + error)[None, :, None], "identity", "regression")
    )
    np.testing.assert_allclose(found, exact[0], atol=0.02 * np.ptp(exact))


def test_of_decisions_each_kind_of_row_is_tried_once() -> None:
    """So many rows as there may be: there are four kinds of two classes, and F1 has its own contributions."""
    draw = np.random.default_rng(0)
    target, seen = draw.integers(0, 2, size=(2, 3000))
    calls = []

    def f1(target: np.ndarray, seen: np.ndarray) -> float:
        calls.append(len(target))
        return 2.0 * (target & seen).sum() / (target.sum() + seen.sum())

    found = shares(f1, target, seen, np.arange(3000))
    assert len(calls) == 1 + 2 * 4
    score = function_of(METRICS["f1"])
    exact = score.contributions(target[None], predict(2.0 * seen[None, :, None] - 1.0, "sigmoid", "binary"))[0]
    np.testing.assert_allclose(found, exact, atol=2e-3)


def test_of_many_rows_some_are_tried_and_squares_are_those_of_all_on_the_average() -> None:
    """The calls are bounded, the mean is the score, and the same rows are drawn for every model."""
    draw, n, calls = np.random.default_rng(0), 2000, [0]
    target, errors = draw.normal(size=n), draw.normal(size=(2, n))

    def counted(target: np.ndarray, seen: np.ndarray) -> float:
        calls[0] += 1
        return absolute(target, seen)

    ratios, tried = [], []
    for seed in range(10):
        unit = np.random.default_rng(seed).permutation(5 * n)[:n]
        found = shares(counted, target, target + errors[0], unit)
        other = shares(absolute, target, target + errors[1], unit)
        summands = np.abs(errors[0])
        assert found.mean() == pytest.approx(summands.mean())
        tried.append(found != summands.mean())
        np.testing.assert_array_equal(tried[-1], other != np.abs(errors[1]).mean())
        ratios.append(found.var() / summands.var())
    assert calls[0] < 10 * 2 * 1.5 * MOST
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.15)


def test_the_rows_that_are_drawn_hang_on_their_number_alone() -> None:
    """Not on the others, so that a row of a table is tried in every split; a group is drawn as one."""
    unit = np.array([3, 900, 3, 41, 7])
    np.testing.assert_array_equal(drawn(unit, 0.5)[:4], drawn(unit[:4], 0.5))
    assert drawn(unit, 0.5)[0] == drawn(unit, 0.5)[2]
    assert drawn(np.arange(10_000), 0.1).mean() == pytest.approx(0.1, abs=0.02)


def test_a_row_that_no_score_can_be_without_is_doubled_alone() -> None:
    """A class with one row: without it there is no recall."""
    target, seen = np.array([1, 0, 0, 0]), np.array([1, 0, 1, 0])

    def recall(target: np.ndarray, seen: np.ndarray) -> float:
        return float(seen[target == 1].mean()) if target.any() else np.nan

    assert np.isfinite(shares(recall, target, seen, np.arange(4))).all()


@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=20))
def test_kinds_are_equal_rows(rows: list[tuple[int, int]]) -> None:
    """Two rows are of one kind if and only if target and prediction are equal."""
    target, seen = np.array(rows).T
    first, kind = kinds_of(target, seen)
    assert len(first) == len(set(rows))
    assert [rows[first[one]] for one in kind] == rows
