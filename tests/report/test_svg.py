"""Charts are well-formed, put larger numbers farther along, and show nothing that is not finite."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lossbench.report.svg import HEIGHT, VERDICTS, WIDTH, IntervalRow, Scale, curves, intervals

numbers = st.floats(-1e6, 1e6)
anything = st.floats(-1e100, 1e100) | st.sampled_from([math.nan, math.inf, -math.inf])
names = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())


@given(numbers, st.floats(1e-6, 1e6), numbers, numbers)
def test_a_scale_keeps_the_order(low: float, width: float, left: float, right: float) -> None:
    """Of two numbers the larger one is never farther to the left; the ends are those of the pixels."""
    x = Scale(low, low + width, 0.0, 100.0)
    assert (x(low), x(low + width)) == (0.0, pytest.approx(100.0))
    assert (left <= right) <= (x(left) <= x(right))


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


@given(st.dictionaries(names, st.lists(st.tuples(anything, anything), max_size=6), max_size=4))
def test_any_curves_make_a_chart(drawn: dict[str, list[tuple[float, float]]]) -> None:
    """Whatever is drawn and however it is called, the chart is well-formed and inside its frame."""
    chart = ET.fromstring(curves("a < b", drawn, dict.fromkeys(drawn, "#000000")))
    assert chart.get("aria-label") == "a < b"
    paths = [path for path in chart.iter("path") if path.get("class") == "curve"]
    assert [path.findtext("title") for path in paths] == list(drawn)
    for path, points in zip(paths, drawn.values(), strict=True):
        places = re.findall(r"([-\d.]+) ([-\d.]+)", path.get("d"))
        assert len(places) == sum(math.isfinite(x) and math.isfinite(y) for x, y in points)
        assert all(-1 <= float(x) <= WIDTH + 1 and -1 <= float(y) <= HEIGHT + 1 for x, y in places)


def row(name: str, mean: float, word: str = "inconclusive") -> IntervalRow:
    """Return an interval of a half on both sides."""
    return IntervalRow(name, "#000000", mean, mean - 0.5, mean + 0.5, word)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=6))
def test_larger_differences_stand_to_the_right(means: list[float]) -> None:
    """The points of a chart of intervals lie in the order of their means, and zero is marked."""
    chart = ET.fromstring(intervals("difference", [row(str(n), mean) for n, mean in enumerate(means)], 0.1))
    places = [float(mark.find("circle").get("cx")) for mark in chart.iter("g")]
    for one, mean in enumerate(means):
        for other, its in enumerate(means):
            assert (mean < its) <= (places[one] <= places[other])
    assert sum(path.get("class") == "zero" for path in chart.iter("path")) == 1


@pytest.mark.parametrize("word", VERDICTS)
def test_colours_follow_the_verdict(word: str) -> None:
    """An interval has the colour of its verdict, and tells its numbers; without a mean, its word stands alone."""
    chart = ET.fromstring(intervals("difference", [row("<mine>", 1.0, word), row("none", math.nan, word)], 0.0))
    (mark,) = chart.iter("g")
    assert mark.get("stroke") == VERDICTS[word]
    assert mark.findtext("title") == f"<mine>: 1 [0.5, 1.5], {word}"
    assert word in [text.text for text in chart.iter("text")]


@pytest.mark.parametrize(("mean", "anchor"), [(1.0, "start"), (-1.0, "end")])
def test_a_word_stands_where_there_is_room(mean: float, anchor: str) -> None:
    """Beside zero, on the side where most of the chart is."""
    chart = ET.fromstring(intervals("difference", [row("a", mean), row("b", math.nan, "reference")], 0.0))
    (word,) = (text for text in chart.iter("text") if text.text == "reference")
    assert word.get("text-anchor") == anchor
