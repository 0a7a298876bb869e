from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.exact.worked_examples import Example, lines_of
from lossbench.claims.printed import exact

numbers = st.lists(st.floats(-50, 50), min_size=1, max_size=6)


@settings(deadline=None, max_examples=25)
@given(numbers, st.integers(0, 4))
def test_an_example_that_is_rounded_rightly_is_reproduced(predicted, places):
    """One line, whatever the number of digits."""
    example = Example("mse", tuple(predicted), tuple(0.0 for _ in predicted), printed="0")
    right = Example("mse", example.predicted, example.actual, printed=f"{exact(example.value()):.{places}f}")
    assert [line.verdict for line in lines_of(right)] == ["reproduced"]


@pytest.mark.parametrize(
    ("printed", "verdicts"),
    [
        ("67", {"rounded": "reproduced"}),
        ("66", {"rounded": "contradicted", "cut off": "reproduced"}),
        (
            "65",
            {"rounded": "contradicted", "cut off": "contradicted", "cut off in double precision": "contradicted"},
        ),
    ],
)
def test_rounding_comes_first_and_cutting_off_second(printed, verdicts):
    """Two thirds in per cent: 67 is rounded, 66 is cut off, 65 is neither."""
    example = Example("mape", predicted=(5,), actual=(15,), printed=printed, factor=100)
    assert {line.case: line.verdict for line in lines_of(example)} == verdicts


def test_the_machine_may_cut_off_just_below():
    """23.8 is printed as 23.79 by cutting off what double precision makes of it."""
    example = Example("mape", (0.6, 1.29, 1.99, 2.69, 3.4), (1, 1, 2, 2, 4), printed="23.79", factor=100)
    found = {line.case: (line.verdict, line.measured) for line in lines_of(example)}
    assert found["rounded"] == ("contradicted", 23.8)
    assert found["cut off in double precision"] == ("reproduced", pytest.approx(23.8, abs=1e-9))


def test_probabilities_go_through_the_loss_of_raw_outputs():
    """The cross-entropy of a given probability is its negative logarithm."""
    assert Example("ce", (0.25, 0.5, 0.25), (1,), printed="0").value() == pytest.approx(0.6931471805599453)
