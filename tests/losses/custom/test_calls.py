from __future__ import annotations

import pytest
import torch

from lossbench.losses.custom.calls import AT_ONCE, differentiated, looped, mapped, spread
from lossbench.report.words.remark import words


def smooth(raw, target, *, width=0.5):
    """A loss a sample, of any number of models."""
    return ((raw - target).square() + width**2).sqrt().mean(-1)


def ratio(raw, target):
    """A loss of a whole batch that is no mean over its samples."""
    return (raw - target).square().sum() / (1 + target.abs().sum())


def branching(raw, target):
    """Two formulas, by the values."""
    error = (raw - target).abs()
    return error.mean() if error.max() > 1 else error.square().mean()


def numbered(raw, target):
    """Takes a number out of a tensor."""
    return (raw - target).square().mean() * float(target.abs().max())


def masked(raw, target):
    """Changes what a mask selects."""
    error = (raw - target).abs()
    error[error > 1] = error[error > 1] ** 2
    return error.mean()


def in_place(raw, target):
    """Adds to a tensor that is not mapped."""
    total = torch.zeros(len(raw), dtype=raw.dtype)
    total += (raw - target).square().mean(-1)
    return total.mean()


def draw(*shape, dtype=torch.float64, seed=0):
    """Return raw outputs and targets."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(shape, generator=generator, dtype=dtype) for _ in range(2))


@pytest.mark.parametrize("loss", [smooth, ratio])
@pytest.mark.parametrize("lead", [(), (1,), (3,), (2, 3)], ids=str)
def test_mapped_is_model_by_model(loss, lead):
    """Any leading dimensions: each model has the value and the gradient that it has alone."""
    raw, target = draw(*lead, 7, 2)
    value, gradient = differentiated(mapped(loss), raw, target)
    assert value.shape == (*lead, 7)[: len(lead) + (loss is smooth)]
    for slot in torch.ones(lead).nonzero().tolist():
        alone = differentiated(loss, raw[tuple(slot)], target[tuple(slot)])
        torch.testing.assert_close((value[tuple(slot)], gradient[tuple(slot)]), alone, rtol=1e-12, atol=1e-12)
    again = differentiated(looped(loss), raw, target)
    torch.testing.assert_close((value, gradient), again, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss", [ratio, smooth])
def test_neighbours_do_not_change_a_bit(loss):
    """In single precision too, a model's gradient is the same to the last bit among any number of models."""
    raw, target = draw(64, 32, 3, dtype=torch.float32)
    whole = differentiated(mapped(loss), raw, target)[1]
    for first, last in ((0, 1), (5, 6), (3, 20), (1, 64)):
        part = differentiated(mapped(loss), raw[first:last], target[first:last])[1]
        assert torch.equal(part, whole[first:last])


@pytest.mark.parametrize(
    ("loss", "at_once", "way", "varies"),
    [
        (smooth, True, AT_ONCE, True),
        (smooth, False, "mapped over the models", False),
        (lambda raw, target: (raw - target)[:, 0].abs(), True, "mapped over the models", False),
        (ratio, True, "mapped over the models", False),
        (branching, True, "one model after the other", False),
        (numbered, False, "one model after the other", False),
        (masked, False, "one model after the other", False),
        (in_place, False, "one model after the other", False),
    ],
)
def test_the_fastest_way_that_is_right_is_taken(loss, at_once, way, varies):
    """Whatever the way, the values are those of one model after the other."""
    parameters = {"width": 0.5} if loss is smooth else {}
    raw, target = draw(2, 6, 2, dtype=torch.float32)
    found = spread(loss, at_once, raw, target, parameters)
    assert (found.way, found.varies) == (way, varies)
    torch.testing.assert_close(differentiated(found.loss, raw, target), differentiated(looped(loss), raw, target))


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (branching, "it branches on the values of a tensor"),
        (numbered, "it takes a number out of a tensor"),
        (masked, "the shape of a tensor in it depends on values"),
        (in_place, "output with shape"),
    ],
)
def test_why_a_loss_cannot_be_mapped_is_said(loss, reason):
    """One note with the cost and the reason; the others have none."""
    (note,) = map(words, spread(loss, False, *draw(2, 6, 2, dtype=torch.float32), {}).notes)
    assert note.startswith("it is evaluated model by model, which is slow: torch.func.vmap cannot map it, since ")
    assert reason in note
    assert spread(ratio, False, *draw(2, 6, 2, dtype=torch.float32), {}).notes == ()


def test_a_parameter_that_is_no_tensor_is_fixed():
    """A loss that wants a plain number gets it; the note says why each value is evaluated apart."""

    def largest(raw, target, *, k=1):
        return (raw - target).abs().topk(k, dim=-1).values.sum(-1)

    raw, target = draw(2, 6, 2, dtype=torch.float32)
    found = spread(largest, True, raw, target, {"k": 2})
    assert (found.way, found.varies) == (AT_ONCE, False)
    assert torch.equal(found.loss(raw, target), largest(raw, target, k=2))
    (note,) = map(words, found.notes)
    assert "each value of k is evaluated apart" in note
    assert "must be int, not Tensor" in note
