"""A curve of dots: what is drawn is where it belongs, whatever the curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.report.plot import BLANK, DOTS, beside, log_curves, panel, scatter, span

curves = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60)
points = st.tuples(st.floats(0, 1), st.floats(0, 1))
UNIT = ((0.0, 1.0), (0.0, 1.0))


def dots(lines: list[str]) -> np.ndarray:
    """Return which dots of a panel are set, (down, across); the axis of zero is no dot."""
    cells = [[max(ord(c) - BLANK, 0) for c in line[1:]] for line in body(lines)]
    grid = np.array(cells)[:, None, :, None] & np.array(DOTS)[:, None]
    return (grid > 0).reshape(len(cells) * len(DOTS), -1)


def body(lines: list[str]) -> list[str]:
    """Return the lines of the curve, from the axis on."""
    return ["┤" + line.split("┤")[1] if "┤" in line else "│" + line.split("│")[1] for line in lines[1:-2]]


@settings(deadline=None, max_examples=25)
@given(curves, st.integers(30, 100), st.integers(3, 20))
def test_a_panel_has_the_size_that_was_asked_for(y: list[float], width: int, height: int) -> None:
    """Title, curve, axis and its numbers: as many lines as said, and none wider."""
    lines = panel("title", np.arange(len(y)), y, width, height)
    assert len(lines) == height + 3
    assert max(map(len, lines)) == width


@settings(deadline=None, max_examples=25)
@given(curves)
def test_every_column_of_a_curve_is_drawn(y: list[float]) -> None:
    """A finite curve leaves no gap: a dot in every column, and neighbouring columns touch."""
    drawn = dots(panel("", np.arange(len(y)), y))
    assert drawn.any(axis=0).all()
    for left, right in zip(drawn.T, drawn.T[1:], strict=False):
        reach = np.flatnonzero(left)
        found = np.flatnonzero(right)
        assert found.min() <= reach.max() + 1
        assert found.max() >= reach.min() - 1


@settings(deadline=None, max_examples=25)
@given(st.floats(-100, 100), st.floats(0.5, 100))
def test_a_straight_line_is_straight(start: float, rise: float) -> None:
    """A rising line begins in the lowest row and ends in the highest, and is its own mirror image."""
    drawn = dots(panel("", [0.0, 1.0], [start, start + rise]))
    assert drawn[-1, 0]
    assert drawn[0, -1]
    assert (np.diff(drawn.argmax(axis=0)) <= 0).all()


def test_what_is_not_finite_is_left_out() -> None:
    """A pole and an undefined stretch leave columns empty, and the rest is drawn as if they were not there."""
    y = np.linspace(0, 1, 101)
    with_gap = np.where(y < 0.5, np.nan, y)
    with_gap[-1] = np.inf
    drawn = dots(panel("", y, with_gap, limits=(0, 1)))
    assert not drawn[:, : drawn.shape[1] // 2 - 1].any()
    whole = dots(panel("", y, y, limits=(0, 1)))
    middle = slice(drawn.shape[1] // 2 + 2, -3)
    assert (drawn[:, middle] == whole[:, middle]).all()


def test_the_same_limits_make_the_same_scale() -> None:
    """Within the limits of a larger curve, half of it ends at half of the height."""
    x = np.linspace(0, 1, 50)
    drawn = dots(panel("", x, 0.5 * x, limits=(0, 1)))
    assert drawn.argmax(axis=0).min() == pytest.approx(drawn.shape[0] / 2, abs=1)


def test_a_level_curve_and_an_empty_one_are_drawn() -> None:
    """A constant lies in the middle; nothing at all is an empty frame."""
    level = dots(panel("", [0, 1], [3.0, 3.0]))
    assert level[level.shape[0] // 2 - 1 : level.shape[0] // 2 + 1].any()
    assert not dots(panel("", [0, 1], [np.nan, np.nan])).any()


def test_zero_has_a_line_of_its_own() -> None:
    """Where the curve passes zero, it is marked beside the axis and dotted through."""
    lines = panel("", [-1, 0, 1], [-1.0, 0.0, 1.0], width=30, height=5)
    (zero,) = [line for line in lines if line.lstrip().startswith("0 ┤")]
    assert "┈" in zero


def place(lines: list[str], mark: str) -> tuple[int, int]:
    """Return the row and the column of a mark, from the upper left."""
    ((row, line),) = [(row, line) for row, line in enumerate(body(lines)) if mark in line]
    return row, line.index(mark) - 1


@settings(deadline=None, max_examples=25)
@given(points, points)
def test_marks_lie_as_their_points_do(a: tuple[float, float], b: tuple[float, float]) -> None:
    """What is larger is never drawn to the left or below; the corners are in the corners."""
    left, right = (scatter("", {"o": [point]}, UNIT, height=10) for point in (a, b))
    (up, across), (down, along) = place(left, "o"), place(right, "o")
    assert (across - along) * (a[0] - b[0]) >= 0
    assert (up - down) * (a[1] - b[1]) <= 0
    corners = scatter("", {"a": [(0.0, 0.0)], "b": [(1.0, 1.0)]}, UNIT, height=10)
    assert place(corners, "a") == (9, 0)
    assert place(corners, "b") == (0, len(body(corners)[0]) - 2)


def test_where_marks_meet_the_first_is_seen() -> None:
    """In the order of the legend."""
    drawn = "".join(scatter("", {"a": [(0.5, 0.5)], "b": [(0.5, 0.5), (0.1, 0.1)]}, UNIT))
    assert (drawn.count("a"), drawn.count("b")) == (1, 1)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=9), st.integers(30, 100))
def test_a_curve_over_a_logarithmic_axis_is_the_curve_over_logarithms(y: list[float], width: int) -> None:
    """But for its marks, one at each point, and the numbers below."""
    x = [10.0 ** (index / 3 - 2) for index in range(len(y))]
    limits = (x[0], x[-1]), span(y)
    drawn = log_curves("", {"o": list(zip(x, y, strict=True))}, limits, width)
    plain = panel("", np.log(x), y, width, height=8, limits=limits[1])
    for ours, theirs in zip(body(drawn), body(plain), strict=True):
        assert len(ours) == len(theirs)
        assert all(our in ("o", their) for our, their in zip(ours, theirs, strict=True))
    marked = [line.index("o", at) for line in body(drawn) for at in range(len(line)) if line[at] == "o"]
    assert len(marked) == len(y)
    assert max(map(len, drawn)) == width


def test_a_curve_has_a_gap_where_it_is_undefined_and_ends_where_its_points_do() -> None:
    """A point that is not finite has no mark, and no line leads to it; beyond the last point there is none."""
    curve = [(0.001, 0.0), (0.01, np.nan), (0.1, 1.0), (1.0, 1.0)]
    drawn = log_curves("", {"o": curve}, ((0.001, 10.0), (-1.0, 2.0)))
    assert "".join(body(drawn)).count("o") == 3
    inked = np.array([[c not in (chr(BLANK), "┈") for c in line[1:]] for line in body(drawn)]).any(axis=0)
    half, end = len(inked) // 2, 3 * len(inked) // 4
    assert inked[0]
    assert not inked[1 : half - 1].any()
    assert inked[half + 1 : end - 1].all()
    assert not inked[end + 2 :].any()


def test_panels_beside_each_other_are_each_whole() -> None:
    """Every line of each panel is there, in the order of the panels, aligned."""
    left, right = ["a", "bc"], ["d", "e", "f"]
    lines = beside(left, right)
    assert [line[:2].strip() for line in lines] == ["a", "bc", ""]
    assert [line[4:] for line in lines] == right
