"""What the tests of the losses draw from."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

sizes = st.floats(-1e3, 1e3).filter(lambda value: value == 0 or abs(value) > 1e-6)
above_zero = st.floats(1e-3, 1e3)
between_0_and_1 = st.floats(0.01, 0.99)


@st.composite
def pairs(draw, values=sizes):
    """Return raw outputs and targets of shape (rows, targets), in float64."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 3)))
    lists = st.lists(values, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    return tuple(torch.tensor(draw(lists), dtype=torch.float64).reshape(shape) for _ in range(2))


one = st.just(1)


@st.composite
def yes_or_no(draw, labels=one):
    """Return raw outputs and targets of 0 and 1, both of shape (rows, labels), in float64."""
    rows, width = draw(st.integers(1, 6)), draw(labels)
    raw, target = st.floats(-50, 50), st.sampled_from([0.0, 1.0])
    lists = (st.lists(values, min_size=rows * width, max_size=rows * width) for values in (raw, target))
    return tuple(torch.tensor(draw(values), dtype=torch.float64).reshape(rows, width) for values in lists)


@st.composite
def several_classes(draw, least=2, most=6):
    """Return raw outputs of shape (rows, classes) in float64, and class indices."""
    width, rows = draw(st.integers(least, most)), draw(st.integers(1, 6))
    raw = draw(st.lists(st.floats(-30, 30), min_size=rows * width, max_size=rows * width))
    target = draw(st.lists(st.integers(0, width - 1), min_size=rows, max_size=rows))
    return torch.tensor(raw, dtype=torch.float64).reshape(rows, width), torch.tensor(target)
