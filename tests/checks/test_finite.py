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
    [(log_likelihood, "±30"), (lambda raw, target: (raw.exp() * target).sum(-1), "±100")],
    ids=["logarithms of probabilities", "exponential"],
)
def test_a_naive_form_overflows_and_the_first_size_is_told(fn, first: str) -> None:
    """Values and gradients that are NaN or infinite fail, with the smallest raw outputs at which they are."""
    seen = check_finite(made(fn, "binary"))
    assert seen.verdict == "fail"
    assert first in seen.saw


def test_a_gradient_alone_may_overflow() -> None:
    """A value that is finite and a gradient that is not: the root of the distance, where that is zero."""
    seen = check_finite(made(lambda raw, target: raw.abs().sqrt().sum(-1), "binary"))
    assert seen.verdict == "fail"
    assert seen.saw.startswith("gradient ")


def test_squares_are_finite() -> None:
    """The squared error of ±1e4 fits into single precision."""
    assert check_finite(made(squared)).verdict == "pass"


def test_a_gradient_that_rounding_takes_away_is_to_be_known() -> None:
    """Sigmoid and then a clamped BCE: finite, but without a gradient where it is sure and wrong."""
    clamped = get_loss("torch.nn:BCELoss:@gets=probability", "binary")
    seen = check_precision(Case(clamped, 1))
    assert (seen.verdict, "leaves a gradient of 0 instead of" in seen.saw) == ("note", True)
    assert check_finite(Case(clamped, 1)).verdict == "pass"
    assert check_precision(Case(get_loss("bce", "binary"), 1)).verdict == "pass"
