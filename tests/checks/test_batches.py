from __future__ import annotations

import pytest
import torch

from lossbench.checks.batches import check_batches

from .made import made, squared
from .test_learns import own


@pytest.mark.parametrize(
    ("name", "task", "told"),
    [
        ("balanced", "binary", "on a batch without positives its value is NaN"),
        ("one_hot", "multiclass", "on a batch without class 2 it fails"),
    ],
)
def test_a_batch_without_a_class_is_tried(name: str, task, told: str) -> None:
    """A loss that gives no number where a class is absent fails, with the batch named."""
    seen = check_batches(own(name, task))
    assert seen.grade == "fail"
    assert told in seen.saw


@pytest.mark.filterwarnings("ignore:std")
def test_a_single_row_and_equal_rows_are_to_be_known() -> None:
    """A standard deviation is NaN of one row and zero of equal ones, by which nothing can be divided."""
    spread = made(lambda raw, target: squared(raw, target).mean(-1) / raw.std(-2).mean(-1), whole_batch=True)
    seen = check_batches(spread)
    assert seen.grade == "note"
    assert "on a batch of one row its value is NaN" in seen.saw
    assert "a batch of equal rows" in seen.saw


def test_other_shapes_are_found() -> None:
    """What squeezes a single row away returns another shape for it."""

    def squeezed(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return squared(raw, target).squeeze()

    assert "on a batch of one row it returns shape ()" in check_batches(made(squeezed)).saw
    assert check_batches(made(squared)).grade == "pass"
