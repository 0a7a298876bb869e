from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.checks.case import Case, in_its_precision
from lossbench.checks.kinks import check_kinks, find_kinks
from lossbench.losses import get_loss

from .made import facts, made, squared


@settings(deadline=None, max_examples=25)
@given(st.floats(-5, 5), st.floats(0.01, 100))
def test_a_kink_is_found_where_it_is(place: float, height: float) -> None:
    """A jump of the gradient is found at its place, to nine decimals, however small or large it is."""
    case = made(lambda raw, target: squared(raw, target) + height * (raw - target - place).abs().mean(-1))
    found = find_kinks(case)
    assert found
    for kink in found:
        assert kink.place == pytest.approx(place, abs=2e-9)
        assert kink.valid
        assert not kink.value_jump


@settings(deadline=None, max_examples=25)
@given(st.floats(1e-3, 100))
def test_a_bend_is_no_kink(delta: float) -> None:
    """A gradient that turns, as Huber's at delta, does not jump, however suddenly it turns."""
    assert not find_kinks(Case(get_loss(f"huber:delta={delta}"), 1))


def test_a_gradient_outside_its_two_sides_is_found() -> None:
    """The root of a square has no gradient at zero, where it has a kink."""
    seen = check_kinks(made(lambda raw, target: (raw - target).square().sum(-1).sqrt()))
    assert seen.grade == "fail"
    assert "-1, nan, 1: not finite there" in seen.saw


def test_a_finite_gradient_outside_its_two_sides_is_told_as_such() -> None:
    """An absolute error whose gradient is 5 where it is zero."""
    odd = made(lambda raw, target: ((raw - target).abs() + 5 * (raw - target) * (raw == target)).mean(-1))
    assert check_kinks(odd).saw.endswith("-1, 5, 1: not between the two sides")


def test_a_false_declaration_is_found() -> None:
    """What is declared differentiable must have no kink."""
    absolute = made(lambda raw, target: (raw - target).abs().mean(-1), facts=facts())
    assert "declared differentiable" in check_kinks(absolute).saw
    assert check_kinks(absolute).grade == "fail"


def test_a_value_that_jumps_is_to_be_known() -> None:
    """A step in the value has no gradient; it is told, with its height and its place."""
    seen = check_kinks(made(lambda raw, target: squared(raw, target) + 3.0 * (raw - target > 1).double().mean(-1)))
    assert seen.grade == "note"
    assert "the value jumps by 3 at 1 " in seen.saw


def test_rounding_is_no_kink() -> None:
    """Of a loss that rounds to single precision, a straight line has none, and a corner one."""
    absolute = made(lambda raw, target: (raw - target).float().abs().mean(-1))
    assert {round(kink.place, 5) for kink in find_kinks(in_its_precision(absolute))} == {0.0}


def test_where_it_jumps_it_takes_either_side() -> None:
    """The gradient at the kink of the absolute error is told with those of its two sides."""
    assert ": -1, 0, 1;" in check_kinks(made(lambda raw, target: (raw - target).abs().mean(-1))).saw
