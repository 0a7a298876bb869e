from __future__ import annotations

import pytest
import torch

from lossbench.checks.case import Case
from lossbench.checks.finite import check_finite, check_precision
from lossbench.losses import get_loss

from .made import made, squared


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
