from __future__ import annotations

import pytest

from lossbench.checks.case import Case
from lossbench.checks.scale import check_cost, check_plateaus, check_saturation, check_scale, size
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


@pytest.mark.parametrize(("spec", "weak"), [("bce", False), ("mse", True), ("hinge", False), ("savage", True)])
def test_squashed_errors_saturate_and_margins_do_not(spec: str, weak: bool) -> None:
    """At a confidently wrong output the gradient of an error between probabilities has all but vanished."""
    assert (check_saturation(Case(get_loss(spec, "binary"), 1)).grade == "note") == weak


def test_the_weaker_side_is_told() -> None:
    """A loss that lets go of predictions far too high only is told on that side."""
    one_sided = made(lambda raw, target: (raw - target).clamp(max=5).square().mean(-1))
    seen = check_saturation(one_sided)
    assert (seen.grade, "gradient 0 at 10" in seen.saw) == ("note", True)


def test_a_plateau_above_the_least_is_to_be_known() -> None:
    """Tukey's loss has no gradient beyond c, where it is highest; its place is told."""
    seen = check_plateaus(Case(get_loss("tukey:c=4"), 1))
    assert seen.grade == "note"
    assert "from -10 to -4" in seen.saw


def test_a_plateau_at_the_least_is_fine() -> None:
    """A hinge that is met pulls no more, a tube is meant to be flat, and a parabola is flat at one place."""
    for case, told in (
        (Case(get_loss("hinge", "binary"), 1), "from 1 to 10"),
        (Case(get_loss("epsilon_insensitive:epsilon=2"), 1), "from -2 to 2"),
        (made(squared), "at 0"),
    ):
        seen = check_plateaus(case)
        assert (seen.grade, f"only at its least, {told}" in seen.saw) == ("pass", True)
