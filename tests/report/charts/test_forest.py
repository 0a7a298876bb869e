"""A forest plot puts larger differences farther along, and says each verdict."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.charts.forest import Against, forest
from lossbench.report.charts.look import looks


def row(name: str, mean: float, word: str = "~ open") -> Against:
    """Return an interval of a half on both sides."""
    return Against(name, looks([[name]])[name], mean, mean - 0.5, mean + 0.5, word)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=6))
def test_larger_differences_stand_to_the_right(means: list[float]) -> None:
    """The markers lie in the order of the means, and zero is marked once."""
    chart = ET.fromstring(forest("difference", [row(str(n), mean) for n, mean in enumerate(means)], 0.1, 1))
    marks = [mark.findall("path")[-1].get("d") for mark in chart.iter("g") if "mark" in mark.get("class")]
    places = [float(mark[1:].split()[0]) for mark in marks]
    for one, mean in enumerate(means):
        for other, its in enumerate(means):
            assert (mean < its) <= (places[one] <= places[other])
    assert sum(path.get("class") == "zero" for path in chart.iter("path")) == 1


@pytest.mark.parametrize("mean", [1.0, math.nan])
def test_a_row_says_its_verdict(mean: float) -> None:
    """In words, with its numbers where it has them; without any nothing is drawn but the name."""
    chart = ET.fromstring(forest("difference", [row("<mine>", mean, "+ better")], 0.0, 1))
    (mark,) = chart.iter("g")
    figures = "" if math.isnan(mean) else "1.000 [0.500, 1.500], "
    assert mark.findtext("title") == f"<mine>: {figures}+ better"
    assert [text.text for text in mark.iter("text")] == ["<mine>", "+ better"]
    assert len(mark.findall("path")) == (1 if math.isnan(mean) else 3)


@pytest.mark.parametrize(("better", "words"), [(1, {"← worse", "better →"}), (-1, {"← better", "worse →"})])
def test_it_says_which_side_is_better(better: int, words: set[str]) -> None:
    """Of a score that is to be large, and of one that is to be small."""
    chart = ET.fromstring(forest("difference", [row("a", 1.0), row("b", -1.0)], 0.0, better))
    assert words < {text.text for text in chart.iter("text")}
