from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims.printed import Printed, exact
from lossbench.errors import ConfigError

numbers = st.floats(0.001, 1e4)
digits = st.integers(0, 5)


@given(numbers, digits)
def test_what_was_rounded_is_found_so(value, places):
    """A number that is printed after rounding is recognised, and lies within the bounds of its digits."""
    unit = Decimal(1).scaleb(-places)
    printed = Printed(str(exact(value).quantize(unit, ROUND_HALF_EVEN)))
    assert printed.is_rounded(value)
    assert printed.unit == unit
    slack = value * 1e-11  # the last of the twelve digits that count as exact
    assert printed.low - slack <= value <= printed.high + slack


@given(numbers, digits)
def test_what_was_cut_off_is_found_so(value, places):
    """A number that is printed after cutting off is recognised."""
    assert Printed(str(exact(value).quantize(Decimal(1).scaleb(-places), ROUND_DOWN))).is_cut(value)


@given(numbers, st.integers(1, 5))
def test_the_next_digit_is_another_number(value, places):
    """One more in the last digit is neither the rounding nor the cutting of the value."""
    unit = Decimal(1).scaleb(-places)
    wrong = Printed(str(exact(value).quantize(unit, ROUND_DOWN) + 2 * unit))
    assert not wrong.is_rounded(value)
    assert not wrong.is_cut(value)


def test_the_rounding_errors_of_the_machine_are_left_out():
    """23.8 computed in double precision lies just below it, which only its last digits know."""
    assert not Printed("23.79").is_cut(23.799999999999997)
    assert Printed("23.79").is_cut(23.799999999999997, precision=17)


@pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "1,5"])
def test_what_is_no_number_is_refused(text):
    """A report must be a number in its digits."""
    with pytest.raises(ConfigError, match="is no number; write its digits as printed"):
        Printed(text)
