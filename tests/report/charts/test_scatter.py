"""Points in the plane lie where their scores are."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from lossbench.report.charts.look import looks
from lossbench.report.charts.scatter import FRAME, Point, scatter
from lossbench.report.figures import Spread

spreads = st.builds(
    lambda mean, half: Spread(mean, mean - half, mean + half),
    st.floats(-100, 100) | st.just(math.nan),
    st.floats(0, 10) | st.just(math.nan),
)


@example([(Spread(0.0, -5e-324, 5e-324), Spread(0.0))])
@given(st.lists(st.tuples(spreads, spreads), min_size=1, max_size=8))
def test_points_keep_their_order(drawn: list[tuple[Spread, Spread]]) -> None:
    """Across and up, inside the frame; one that lacks a coordinate is left out."""
    every = looks([[f"loss {number} <" for number in range(len(drawn))]])
    points = [Point(name, look, *at) for (name, look), at in zip(every.items(), drawn, strict=True)]
    chart = ET.fromstring(scatter("set", points, ("x", "y")))
    known = [one for one in points if not math.isnan(one.across.mean + one.up.mean)]
    marks = [mark for mark in chart.iter("g") if "mark" in mark.get("class")]
    assert [mark.findtext("title").partition(":")[0] for mark in marks] == [one.loss for one in known]
    places = [tuple(map(float, mark.findall("path")[-1].get("d")[1:].split("m")[0].split())) for mark in marks]
    for one, (across, up) in zip(known, places, strict=True):
        assert FRAME.left <= across <= FRAME.width - FRAME.right
        assert FRAME.top <= up <= FRAME.height - FRAME.bottom
        for other, (right, down) in zip(known, places, strict=True):
            assert (one.across.mean < other.across.mean) <= (across <= right)
            assert (one.up.mean < other.up.mean) <= (up >= down)
