"""Lines are drawn whole, well-formed and within their frame, whatever they are."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.charts.lines import CROWD, MOST, Line, Lines
from lossbench.report.charts.look import looks
from lossbench.report.charts.overlay import frame_of, overlay
from lossbench.report.charts.panels import panels
from lossbench.report.charts.strokes import BAND, outline
from report.charts.test_path import walked

anything = st.floats(-1e100, 1e100) | st.sampled_from([math.nan, math.inf, -math.inf])
names = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())


@st.composite
def charts(draw: st.DrawFn) -> Lines:
    """Draw a few lines over the same places, some with bands."""
    losses = draw(st.lists(names, min_size=1, max_size=7, unique=True))
    count = draw(st.integers(1, 6))
    values = st.lists(anything, min_size=count, max_size=count).map(np.array)
    every = looks([losses])
    lines = [Line(loss, every[loss], draw(values), *draw(st.sampled_from([(None, None)]))) for loss in losses]
    if draw(st.booleans()):
        lines = [Line(one.loss, one.look, one.y, draw(values), draw(values)) for one in lines]
    how = {name: draw(st.booleans()) for name in ("log", "steps", "dots")}
    return Lines("k", np.arange(1.0, count + 1), lines, "epoch", "a < b", reference=losses[0], **how)


def drawn(chart: Lines) -> ET.Element:
    """Return the pictures of a chart, both ways of drawing it, in one element."""
    return ET.fromstring(f"<p>{overlay(chart)}{''.join(panels(chart))}</p>")


@given(charts())
def test_any_lines_make_pictures(chart: Lines) -> None:
    """Well-formed, each loss on each of them with its values, and under a name that says what is seen."""
    whole, behind, *each = drawn(chart)
    losses = [one.loss for one in chart.lines]
    assert [
        path.get("data-n") for path in whole.iter("path") if "line" in str(path.get("class")).split()
    ] == losses
    assert whole.get("aria-label").startswith("a < b by epoch: ")
    assert [picture.find(".//use[@data-n]").get("data-n") for picture in each] == losses
    assert [picture.get("aria-label").startswith(f"{loss}: ") for picture, loss in zip(each, losses, strict=True)]
    assert len([path for path in behind.iter("path") if "other" in str(path.get("class"))]) == len(losses)


@given(charts())
def test_lines_go_through_their_points(chart: Lines) -> None:
    """As many as are finite; those that the axis holds are inside the frame."""
    whole = drawn(chart)[0]
    paths = [path for path in whole.iter("path") if path.get("data-n")]
    x, y = chart.scales(frame_of(chart))
    for path, one in zip(paths, chart.lines, strict=True):
        points = walked(path.get("d"))
        finite = int(np.isfinite(one.y).sum())
        assert (len(points) == finite) or chart.steps
        assert all(x.start - 0.2 <= across <= x.end + 0.2 for across, _ in points)
    values = [value for one in chart.lines for value in one.y.tolist() if math.isfinite(value)]
    assert all(y.end - 0.1 <= y(value) <= y.start + 0.1 for value in values)


def test_what_crowds_gets_panels() -> None:
    """One line more than there is room for."""
    every = looks([[str(number) for number in range(CROWD + 1)]])
    lines = [Line(name, look, np.zeros(2)) for name, look in every.items()]
    assert [Lines("k", np.arange(2.0), lines[:count], "x", "y").crowded for count in (CROWD, CROWD + 1)] == [
        False,
        True,
    ]


def test_a_long_line_is_thinned() -> None:
    """To as many points as can be told apart; both ends stay, and values stay at their places."""
    x = np.arange(5000.0)
    chart = Lines("k", x, [Line("a", looks([["a"]])["a"], x, x - 1, x + 1)], "x", "y").thinned()
    assert len(chart.x) == MOST
    assert (chart.x[0], chart.x[-1]) == (0, 4999)
    assert (chart.lines[0].y == chart.x).all()
    assert (chart.lines[0].high == chart.x + 1).all()


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 20)), min_size=BAND + 1, max_size=3 * BAND))
def test_no_band_is_narrower_than_it_was(ends: list[tuple[float, float]]) -> None:
    """Of a thinned one each point is the outline of those around it; pixels are counted downwards."""
    middle, half = np.array(ends).T
    across, low, high = outline(np.arange(len(ends), dtype=float), middle + half, middle - half)
    assert len(across) == BAND
    assert (across[0], across[-1]) == (0, len(ends) - 1)
    assert low.max() == (middle + half).max()
    assert high.min() == (middle - half).min()


def test_an_axis_stays_within_what_is_possible() -> None:
    """However wide a band is; an accuracy is never above 1."""
    look, y = looks([["a"]])["a"], np.array([0.5, 0.6])
    lines = [Line("a", look, y, y - 3, y + 3)]
    assert Lines("k", np.arange(2.0), lines, "x", "y", bounds=(0.0, 1.0)).limits == (0.0, 1.0)
    assert Lines("k", np.arange(2.0), lines, "x", "y").limits[1] > 3


def test_a_chosen_point_is_ringed() -> None:
    """At its place, and nowhere else."""
    x, look = np.array([0.001, 0.01, 0.1]), looks([["a"]])["a"]
    chart = Lines("k", x, [Line("a", look, x, chosen=0.01)], "rate", "score", log=True, dots=True)
    (ring,) = ET.fromstring(overlay(chart)).iter("circle")
    assert float(ring.get("cx")) == pytest.approx(chart.scales(frame_of(chart))[0](0.01), abs=0.1)


def test_values_can_be_read_off() -> None:
    """A line carries its mean and half of its interval at each place."""
    look, y = looks([["a"]])["a"], np.array([0.5, np.nan])
    text = overlay(Lines("k", np.array([1.0, 2.0]), [Line("a", look, y, y - 0.1, y + 0.1)], "x", "y"))
    assert re.search(r'data-y="\.5," data-h="\.1,"', text)
