from __future__ import annotations

import pytest

from lossbench.checks.case import Case
from lossbench.checks.scale import check_cost, check_scale, size
from lossbench.losses import get_loss

from .made import made, squared


@pytest.mark.parametrize("factor", [0.01, 0.5, 3.0, 1000.0])
def test_a_constant_scales_value_and_gradient(factor: float) -> None:
    """A constant times a loss has that much more value and gradient; a far one is to be known."""
    plain, scaled = made(squared), made(lambda raw, target: factor * squared(raw, target))
    assert size(scaled) == pytest.approx(tuple(factor * part for part in size(plain)))
    assert check_scale(scaled).grade == ("pass" if 0.1 <= factor <= 10 else "note")


def test_a_mean_over_the_batch_is_as_large_as_a_sample() -> None:
    """The gradient of a mean, of which each sample has its share, is told as that of a sample."""
    mean = made(lambda raw, target: squared(raw, target).mean(-1), whole_batch=True)
    assert size(mean) == pytest.approx(size(made(squared)))


def test_the_reference_has_the_size_of_itself() -> None:
    """Held against itself, the reference loss of a task is 1 ×."""
    for name, task, targets in (("mse", "regression", 1), ("bce", "binary", 1), ("ce", "multiclass", 3)):
        assert ": 1 × that gradient" in check_scale(Case(get_loss(name, task), targets)).saw


def test_cost_is_told_as_a_ratio() -> None:
    """What it costs stands beside the reference that it was timed with."""
    assert " × mse for value and gradient" in check_cost(made(squared)).saw
