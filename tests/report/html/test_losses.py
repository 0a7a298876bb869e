"""The page of some losses draws each with its gradient, over the others."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench import get_loss
from lossbench.report.charts.lines import Line
from lossbench.report.charts.look import looks
from lossbench.report.html.losses import MOST_LINES, losses_page, value_limits
from lossbench.report.shape import shape_of
from report.html.reading import pictures, read, sections, seen

curves = st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4), min_size=1, max_size=5)


@pytest.mark.parametrize("specs", [["huber:delta=2", "mae", "mse"], ["bce", "hinge"], ["mse"]])
def test_every_loss_is_drawn_twice(specs: list[str]) -> None:
    """Its value and its gradient, on each task that all of them fit, with what is known of it."""
    text = losses_page(specs)
    read(text)
    found = {name: body for name, body in sections(text).items() if name != "answer"}
    assert found
    for body in found.values():
        lines = [
            {path.get("data-n") for path in picture.iter("path")} - {None}
            for picture in pictures(body)
            if picture.get("class") == "whole"
        ]
        assert lines == [set(specs)] * 2
        task = re.search("<h2>([a-z]+)", body)[1]
        assert all(str(get_loss(spec, task).formula) in seen(body) for spec in specs)


def test_losses_of_different_tasks_have_a_section_each() -> None:
    """Where none fits all of them."""
    text = losses_page(["huber", "bce"])
    headings = [cell.partition(",")[0] for cell in read(text).cells]
    assert {"regression", "binary"} <= set(headings)


def test_what_is_drawn_against_other_numbers_stands_apart() -> None:
    """A loss of probabilities is not laid over one of raw outputs; nor is a loss drawn twice."""
    text = losses_page(["mse", "gamma", "mse"])
    bodies = [body for name, body in sections(text).items() if name != "answer"]
    assert len(bodies) == len({shape_of(get_loss(name, "regression")).label for name in ("mse", "gamma")})


def test_many_losses_get_panels() -> None:
    """One more than there is room for."""
    specs = [f"huber:delta={number}" for number in range(1, MOST_LINES + 2)]
    assert losses_page(specs).count('class="lines panels"') == 2
    assert losses_page(specs[:-1]).count('class="lines panels"') == 0


@given(curves)
def test_the_typical_loss_is_seen(drawn: list[list[float]]) -> None:
    """However far another one goes, the middle one of the largest values is on the axis."""
    look = looks([["a"]])["a"]
    low, high = value_limits([Line("a", look, np.array(values)) for values in drawn])
    assert low < high
    assert high >= min(np.median([max(values) for values in drawn]), max(map(max, drawn)))
