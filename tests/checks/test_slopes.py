from __future__ import annotations

import torch

from lossbench.checks.slopes import check_slopes, differences

from .made import made, squared


def test_differences_are_the_derivative_of_a_parabola() -> None:
    """Of the squared error the central differences are exact: 2 (f - y), but for rounding."""
    case = made(squared)
    raw, target = case.draw(5)
    torch.testing.assert_close(differences(case, raw, target), 2 * (raw - target), rtol=1e-8, atol=1e-8)


def test_a_part_cut_off_from_the_gradient_is_found() -> None:
    """A weight that is detached makes the gradient another than the derivative, and both are told."""
    seen = check_slopes(made(lambda raw, target: raw.detach().abs().mean(-1) * squared(raw, target)))
    assert seen.grade == "fail"
    assert "differences of the value say" in seen.saw


def test_a_loss_in_single_precision_is_judged_by_its_own_rounding() -> None:
    """A loss that rounds whatever it is given has the gradient that it should have, as far as can be seen."""
    assert check_slopes(made(lambda raw, target: squared(raw.float(), target.float()))).grade == "pass"


def test_a_gradient_that_is_nan_is_found() -> None:
    """NaN is off by more than any tolerance: the logarithm of a negative number has neither value nor gradient."""
    assert check_slopes(made(lambda raw, target: (raw - target).log().mean(-1))).grade == "fail"
