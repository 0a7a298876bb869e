"""Numbers that stand together are written alike, and no digit that tells them apart is lost."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.report.figures import NOT_DEFINED, Spread, column, figures, interval

sizes = st.floats(-250, 250).map(lambda power: 10.0**power)
near = st.floats(0.2, 5.0)
widths = st.floats(1e-4, 1.0)


def read(text: str) -> list[float]:
    """Return the numbers of a cell."""
    return [float(part) for part in text.split(" ±")]


@settings(max_examples=25, deadline=None)
@given(size=sizes, means=st.lists(near, min_size=1, max_size=6), width=widths)
def test_digits_carry_information_whatever_the_unit(size: float, means: list[float], width: float) -> None:
    """Numbers about as large as each other are written to a fraction of the interval, and so is the interval."""
    half = size * width
    cells = column([Spread(size * mean, size * mean - half, size * mean + half) for mean in means])
    for mean, cell in zip(means, cells, strict=True):
        number, written = read(cell)
        assert abs(number - size * mean) <= 0.06 * half
        assert abs(written - half) <= 0.06 * half + 1e-9 * size * mean
        assert len(cell) <= 32


@settings(max_examples=25, deadline=None)
@given(size=sizes, means=st.lists(near, min_size=2, max_size=6), width=widths)
def test_a_column_has_one_format(size: float, means: list[float], width: float) -> None:
    """All numbers of a column, and the halves of their intervals, have the same decimals and power of ten."""
    spreads = [Spread(size * mean, size * (mean - width), size * (mean + width)) for mean in means]
    numbers = [number for cell in column(spreads) for number in cell.split(" ±")]
    assert len(numbers) == 2 * len(means)
    assert len({re.sub(r"^-?\d+", "", re.sub(r"\.\d+", lambda m: "." * len(m[0]), n)) for n in numbers}) == 1


@settings(max_examples=25, deadline=None)
@given(mean=st.floats(0.1, 0.999), half=st.floats(0.011, 1))
def test_scores_keep_three_decimals(mean: float, half: float) -> None:
    """A score in [0, 1] and its interval are written to the third decimal."""
    assert interval(mean, mean - half, mean + half) == f"{mean:.3f} ±{((mean + half) - (mean - half)) / 2:.3f}"


@pytest.mark.parametrize(
    ("spread", "text"),
    [
        ((math.nan, math.nan, math.nan), NOT_DEFINED),
        ((0.5,), "0.500"),
        ((0.0, 0.0, 0.0), "0.000 ±0.000"),
        ((-1e-9, -0.1, 0.1), "0.000 ±0.100"),
        ((123.456,), "123.5"),
        ((0.9991, 0.9987, 0.9995), "0.99910 ±0.00040"),
        ((0.5, 0.5 - 1e-12, 0.5 + 1e-12), "0.500 ±0.000"),
        ((5e-11, 4.8e-11, 5.2e-11), "5.00e-11 ±0.20e-11"),
        ((1e12, 0.9e12, 1.1e12), "1.00e+12 ±0.10e+12"),
    ],
)
def test_numbers_of_every_size(spread: tuple[float, ...], text: str) -> None:
    """Undefined, without an interval, zero, large, precise, blurred by rounding, in tiny and in huge units."""
    assert interval(*spread) == text


def test_what_does_not_fit_the_column_is_written_by_itself() -> None:
    """A loss that ran away does not take the digits of the others, nor do they hide one that is far better."""
    assert column(map(Spread, [0.98, 0.97, -3.1e8])) == ["0.980", "0.970", "-3.10e+08"]
    assert column(map(Spread, [1.25, 1.5, 1e-4])) == ["1.250", "1.500", "1.00e-04"]
    assert figures([]).decimals == 3
