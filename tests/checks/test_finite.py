from __future__ import annotations

import pytest
import torch

from lossbench.checks.finite import check_finite

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
