from __future__ import annotations

import itertools

import torch

from lossbench.checks.shape import (
    check_batch,
    check_broadcasting,
    check_dtype,
    check_history,
    check_inputs,
    check_order,
    check_reduction,
    check_shape,
    influence,
)
from lossbench.losses.custom.drift import drift_of

from .made import made, squared


def test_a_model_too_few_or_too_many_is_found() -> None:
    """A result that lacks the batch, or has an axis more, is told with the shapes."""
    for wrong in (lambda raw, target: squared(raw, target).mean(-1), lambda raw, target: (raw - target).square()):
        seen = check_shape(made(wrong))
        assert seen.grade == "fail"
        assert "(7, 1) gives" in seen.saw


def test_models_that_see_each_other_are_found() -> None:
    """A mean over all models changes with the others."""
    seen = check_shape(made(lambda raw, target: squared(raw, target) / squared(raw, target).max()))
    assert (seen.grade, "one model changes" in seen.saw) == ("fail", True)


def test_another_precision_is_to_be_known() -> None:
    """A loss that rounds, or that widens, is told what it gives for what."""
    seen = check_dtype(made(lambda raw, target: squared(raw.float(), target.float())))
    assert (seen.grade, seen.saw) == ("note", "float32 gives float32, float64 gives float32")
    assert check_dtype(made(squared)).grade == "pass"


def test_a_mean_a_sum_and_a_batch_are_told_apart() -> None:
    """A mean of its samples, a sum that grows with the batch, and what is neither."""

    def seen(reduce) -> str:
        return check_reduction(made(lambda raw, target: reduce(squared(raw, target)), whole_batch=True)).saw

    assert seen(lambda values: values.mean(-1)).startswith("a mean over the batch")
    assert "twice the batch has 2 times the value" in seen(lambda values: values.sum(-1))
    assert "no mean of its samples" in seen(lambda values: values.mean(-1).sqrt())
    assert check_reduction(made(squared)).saw == "none: a value a sample"


def neighbours(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the squared error and how far a row is from the one before."""
    return squared(raw, target) + (raw - raw.roll(1, -2)).square().mean(-1)


def centred(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the squared error of what lies beside the mean of the batch."""
    return squared(raw - raw.mean(-2, keepdim=True), target)


def test_order_of_the_rows_may_not_matter() -> None:
    """A loss of neighbouring rows fails; one of the whole batch that has no order does not."""
    assert check_order(made(neighbours)).grade == "fail"
    assert check_order(made(centred)).grade == "pass"


def test_rows_that_see_each_other_are_to_be_known() -> None:
    """A value a sample that depends on the other rows is told; of a loss of whole batches it is expected."""
    assert check_batch(made(centred)).grade == "note"
    assert check_batch(made(squared)).grade == "pass"
    whole = made(lambda raw, target: centred(raw, target).mean(-1), whole_batch=True)
    assert check_batch(whole).grade == "pass"


def test_influence_is_a_share_of_the_gradient() -> None:
    """Nothing for rows by themselves; a batch divided by its mean square moves everything."""
    assert float(influence(made(squared))) == 0
    assert float(influence(made(lambda raw, target: squared(raw, target) / raw.square().mean(-2)))) > 0.01


def test_a_change_in_place_is_found() -> None:
    """What writes into the target is told what it changes."""
    seen = check_inputs(made(lambda raw, target: squared(raw, target.mul_(2))))
    assert (seen.grade, "its target in place" in seen.saw) == ("fail", True)
    seen = check_inputs(made(lambda raw, target: squared(raw.add_(1), target)))
    assert (seen.grade, "its raw outputs in place" in seen.saw) == ("fail", True)
    assert check_inputs(made(squared)).grade == "pass"


def test_a_state_from_call_to_call_is_found() -> None:
    """A weight that moves every 50 calls is constant in a short look, and other trials move it further."""
    calls = itertools.count()

    def moving(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (1 + next(calls) // 50) * squared(raw, target)

    drift = drift_of(moving, *made(squared).draw(5))
    assert check_history(made(moving, drift=drift)).grade == "fail"
    assert check_history(made(squared)).grade == "pass"


def test_silent_broadcasting_of_a_users_own_is_to_be_known() -> None:
    """A difference of (n, 1) and (n,) pairs everything with everything; what refuses it, or mends it, does not."""

    def refusing(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if raw.shape != target.shape:
            raise RuntimeError("shapes differ")
        return squared(raw, target)

    assert check_broadcasting(made(squared)).grade == "note"
    assert check_broadcasting(made(refusing)).grade == "pass"
    assert check_broadcasting(made(lambda raw, target: squared(raw, target.reshape(raw.shape)))).grade == "pass"
    assert check_broadcasting(made(squared, code="")).grade == "pass"
