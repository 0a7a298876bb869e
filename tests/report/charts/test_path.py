"""A path is as short as can be, and goes where its points are."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.charts.path import compact_numbers, svg_path

NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
places = st.floats(-500, 500) | st.just(math.nan)


def walked(path: str) -> list[tuple[float, float]]:
    """Return the points of a path."""
    found: list[tuple[float, float]] = []
    for part in re.findall(r"[Ml][^Ml]*", path):
        values = [float(text) for text in re.findall(NUMBER, part)]
        for across, up in zip(values[::2], values[1::2], strict=True):
            before = found[-1] if part[0] == "l" else (0.0, 0.0)
            found.append((before[0] + across, before[1] + up))
    return found


@given(st.lists(st.tuples(places, places), max_size=20))
def test_a_path_goes_through_its_points(points: list[tuple[float, float]]) -> None:
    """To a tenth of a pixel however long it is, and begins anew behind each that is undefined."""
    across, up = np.array(points, dtype=float).reshape(-1, 2).T
    known = [(x, y) for x, y in points if not math.isnan(x + y)]
    path = svg_path(across, up)
    found = walked(path)
    assert len(found) == len(known)
    for one, other in zip(found, known, strict=True):
        assert one == pytest.approx(other, abs=0.051)
    runs = "".join("." if math.isnan(x + y) else "x" for x, y in points).split(".")
    assert path.count("M") == sum(map(bool, runs))


@given(st.lists(st.floats(-1e300, 1e300) | st.sampled_from([math.nan, math.inf]), max_size=20))
def test_numbers_are_read_as_they_were(values: list[float]) -> None:
    """To four figures; what is not finite is empty."""
    texts = compact_numbers(np.array(values, dtype=float)).split(",")
    for value, text in zip(values, texts, strict=False):
        assert (text == "") == (not math.isfinite(value))
        assert text == "" or float(text) == pytest.approx(value, rel=5e-4)
