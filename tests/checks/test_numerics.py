from __future__ import annotations

import pytest
import torch

from lossbench.checks.case import Case
from lossbench.checks.numerics import check_finite, check_precision, check_slopes, differences
from lossbench.losses import get_loss

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


def log_likelihood(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy as written in a book."""
    p = raw.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).sum(-1)


@pytest.mark.parametrize(
    ("fn", "first"),
    [
        (log_likelihood, "of 30;"),
        (lambda raw, target: (raw.exp() * target).sum(-1), "of 100;"),
        (lambda raw, target: (raw * raw.abs() / raw - target).sum(-1), "of 0;"),
    ],
    ids=["logarithms of probabilities", "exponential", "division"],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_naive_form_is_told_with_the_first_place(fn, first: str, whole: bool) -> None:
    """Values and gradients that are NaN or infinite fail, with the raw outputs nearest to zero where they are."""
    loss = (lambda raw, target: fn(raw, target).mean(-1)) if whole else fn
    seen = check_finite(made(loss, "binary", whole_batch=whole))
    assert seen.grade == "fail"
    assert f"in float32 at raw outputs {first}" in seen.saw


def test_what_only_a_whole_batch_overflows_is_told_with_its_size() -> None:
    """The product of a batch is infinite where none of its factors is."""
    product = made(lambda raw, target: (raw + 2).square().sum(-1).prod(-1), "binary", whole_batch=True)
    assert "at raw outputs up to ±" in check_finite(product).saw


def test_a_gradient_alone_may_overflow() -> None:
    """A value that is finite and a gradient that is not: the root of the distance, where that is zero."""
    seen = check_finite(made(lambda raw, target: raw.abs().sqrt().sum(-1), "binary"))
    assert seen.grade == "fail"
    assert seen.saw.startswith("gradient ")


def test_squares_are_finite() -> None:
    """The squared error of ±1e4 fits into single precision."""
    assert check_finite(made(squared)).grade == "pass"


def test_a_gradient_that_rounding_takes_away_is_to_be_known() -> None:
    """Sigmoid and then a clamped BCE: finite, but without a gradient where it is sure and wrong."""
    clamped = get_loss("torch.nn:BCELoss:@gets=probability", "binary")
    seen = check_precision(Case(clamped, 1))
    assert (seen.grade, "leaves a gradient of 0 instead of" in seen.saw) == ("note", True)
    assert check_finite(Case(clamped, 1)).grade == "pass"
    assert check_precision(Case(get_loss("bce", "binary"), 1)).grade == "pass"


def test_a_place_without_a_gradient_hides_no_other() -> None:
    """Rounding is looked for beside the places where there is nothing to be compared."""

    def clamped(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return -((1 - target) * (1 - raw.sigmoid()).clamp(min=1e-20).log()).sum(-1)

    broken = made(lambda raw, target: clamped(raw, target) + 0 * (raw / raw).sum(-1), "binary")
    assert check_finite(broken).grade == "fail"
    for case in (made(clamped, "binary"), broken):
        assert "leaves a gradient of 0 instead of" in check_precision(case).saw
