"""A scale keeps the order, and its ticks are few, round, and on it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lossbench.report.charts.scale import Scale, value_range

numbers = st.floats(-1e6, 1e6)


@given(numbers, st.floats(1e-6, 1e6), numbers, numbers)
def test_a_scale_keeps_the_order(low: float, width: float, left: float, right: float) -> None:
    """Of two numbers the larger one is never farther to the left; the ends are those of the pixels."""
    x = Scale(low, low + width, 0.0, 100.0)
    assert (x(low), x(low + width)) == (0.0, pytest.approx(100.0))
    assert (left <= right) <= (x(left) <= x(right))


@given(st.floats(1e-6, 1e3), st.floats(1.1, 1e4), st.floats(1.01, 10))
def test_a_logarithmic_scale_puts_equal_factors_equally_far(low: float, width: float, factor: float) -> None:
    """Wherever they begin."""
    x = Scale(low, low * width, 0.0, 100.0, log=True)
    steps = [x(place * factor) - x(place) for place in (low, low * width)]
    assert steps[0] == pytest.approx(steps[1], abs=1e-6)


@given(st.floats(1e-3, 1e3), st.floats(2, 1e4), st.booleans())
def test_pixels_are_those_of_single_numbers(low: float, width: float, log: bool) -> None:
    """Of many numbers at once; what is not finite has none."""
    x = Scale(low, low * width, 10.0, 90.0, log)
    places = np.array([low, low * math.sqrt(width), low * width, math.nan, math.inf])
    assert x.pixels(places)[:3] == pytest.approx([x(place) for place in places[:3].tolist()])
    assert np.isnan(x.pixels(places)[3:]).all()


@example(1e6, 1e-3)
@given(numbers, st.floats(1e-3, 1e6))
def test_ticks_are_few_round_and_on_the_scale(low: float, width: float) -> None:
    """There are two to six of them, evenly apart, and all lie between the ends."""
    x = Scale(low, low + width, 0.0, 100.0)
    ticks = x.ticks()
    assert 2 <= len(ticks) <= 6
    assert all(low - 1e-6 * width <= tick <= low + 1.000001 * width for tick in ticks)
    steps = [after - before for before, after in pairwise(ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-3)


@given(st.floats(1e-8, 1e3), st.floats(1.01, 1e8), st.integers(2, 6))
def test_ticks_of_a_logarithmic_scale_are_few_and_rising(low: float, width: float, most: int) -> None:
    """Hardly more than were asked for, and at least one."""
    ticks = Scale(low, low * width, 0.0, 100.0, log=True).ticks(most)
    assert 1 <= len(ticks) <= most + 1
    assert ticks == sorted(set(ticks))
    assert all(low * (1 - 1e-6) <= tick <= low * width * (1 + 1e-6) for tick in ticks)


@given(st.lists(st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf]), max_size=5))
def test_ends_are_apart(values: list[float]) -> None:
    """Whatever the numbers, and all that are finite lie between."""
    low, high = value_range(np.array(values))
    assert low < high
    assert all(low <= value <= high for value in values if math.isfinite(value))
