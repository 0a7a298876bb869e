"""What the records claim about the shapes of the losses, checked with numbers.

A claim holds for every value of the parameters; its denial needs one value of them that shows it.
"""

from __future__ import annotations

import pytest
import torch

from .cases import RECORDS, cases, gradient, name

every_record = pytest.mark.parametrize("record", RECORDS, ids=name)


def holds(record, law) -> bool:
    """Say whether a law holds for the record with all the parameters under test."""
    return all(law(case) for case in judged(record))


def judged(record):
    """Return the cases of a record; the facts of a loss of whole batches are those of a batch of one sample."""
    return cases(record, alone=record.whole_batch)


@every_record
def test_convex(record):
    """Convex: between two points the loss lies below the chord. Else some chord lies below it."""

    def law(case):
        scale = 8 if case.loss.link == "softplus" else 4  # where softplus is flat, at its smallest value, too
        raw, target = case.draw(2000, scale=scale)
        other, _ = case.draw(2000, scale=scale, seed=1)
        middle = case.value((raw + other) / 2, target)
        chord = (case.value(raw, target) + case.value(other, target)) / 2
        return bool((middle <= chord + 1e-9).all())

    assert holds(record, law) == record.facts.convex


@every_record
def test_bounded(record):
    """Bounded: far out the loss is no higher than a little nearer. Else it passes any height, if slowly."""

    def law(case):
        far, farther = (case.value(*case.draw(500, scale=scale)) for scale in (1e5, 1e10))
        return bool((farther <= 1.5 * far + 0.5).all())

    assert holds(record, law) == record.facts.bounded


@every_record
def test_differentiable(record):
    """Differentiable: in finer steps along a line the gradient moves less a step. Else it jumps at a kink."""

    def law(case):
        start, target = case.draw(30, 1, scale=3)
        end, _ = case.draw(30, 1, scale=3, seed=1)
        line = start + torch.linspace(0, 1, 4001, dtype=start.dtype).reshape(-1, 1) * (end - start)
        slopes = gradient(case, line, target.repeat_interleave(4001, dim=1))
        fine, coarse = (slopes[:, ::every].diff(dim=-2).norm(dim=-1).max() for every in (1, 10))
        return bool(fine <= 0.3 * coarse + 1e-9)

    assert holds(record, law) == record.facts.differentiable


def steepness(case, outputs, scale):
    """Return the gradient of many samples, each term of a separable loss for itself."""
    raw, target = case.draw(12000 // outputs, scale=scale, outputs=outputs)
    slope = gradient(case, raw, target)
    if not case.loss.facts.separable:
        return slope.norm(dim=-1)
    return slope.abs() * (outputs if case.loss.task == "regression" else 1)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.facts.lipschitz is not None], ids=name)
def test_lipschitz_constant_holds_and_is_sharp(record):
    """No gradient is larger than the constant, for any number of outputs, and some come within half a per cent."""
    default = judged(record)[0]
    widths = [default.outputs] if record.task == "binary" else [2, 3, 8, 200]
    steepest = max(float(steepness(default, n, scale).max()) for n in widths for scale in (0.3, 1, 3, 30))
    assert steepest <= record.facts.lipschitz * (1 + 1e-6)
    assert steepest >= record.facts.lipschitz * 0.995


@pytest.mark.parametrize("record", [r for r in RECORDS if r.facts.lipschitz is None], ids=name)
def test_without_a_lipschitz_constant_gradients_grow(record):
    """Far out, near a target of zero, at a large one, with many classes or a rare one, gradients pass any size."""
    default = judged(record)[0]
    width = 1000 if record.task in ("multilabel", "multiclass") else None
    # One loss grows with the logarithm of its target. Class 0 is the rarest, and the first where they are ordered.
    factors = {"regression": (1e-4, 1, 1e300), "multiclass": (0,)}.get(record.task, (1,))
    scales = (1e-4, 1, 5, 1e4)
    draws = [(default.draw(50, scale=scale, outputs=width), f) for scale in scales for f in factors]
    slopes = [gradient(default, raw, target * factor, **rare(record, raw)) for (raw, target), factor in draws]
    assert any(slope.norm(dim=-1).max() > 100 for slope in slopes)


def rare(record, raw):
    """Return small shares of the classes, where the loss asks for them, of the first class the smallest."""
    shares = torch.full_like(raw[:1], 1e-4)
    shares[:, 0] = 1e-7
    return {"prior": shares} if record.prior else {}


@every_record
def test_symmetric(record):
    """Symmetric: errors of both signs cost the same, and so do exchanged classes."""

    def law(case):
        raw, target = case.draw(50)
        there, back = case.value(raw, target), case.value(*exchanged(case, raw, target))
        return torch.allclose(there, back, rtol=1e-9)

    assert holds(record, law) == record.facts.symmetric


def exchanged(case, raw, target):
    """Return the mirror image of an error, or the same sample with the classes renamed."""
    if case.loss.task == "regression":
        targets = target.shape[-1]
        return torch.cat([2 * target - raw[..., :targets], raw[..., targets:]], dim=-1), target
    if case.loss.record.encoding == "index":
        return raw.roll(1, -1), (target + 1) % raw.shape[-1]
    return (1 - raw if case.loss.link == "clip" else -raw), 1 - target


@every_record
def test_separable(record):
    """Separable: the slope in one output does not depend on the others. Else it does, where there are others."""

    def law(case):
        raw, target = case.draw(50)
        other, _ = case.draw(50, seed=1)
        other[..., 0] = raw[..., 0]
        here, there = gradient(case, raw, target)[..., 0], gradient(case, other, target)[..., 0]
        return torch.allclose(here, there)

    assert holds(record, law) == record.facts.separable


@every_record
def test_nonnegative(record):
    """Nonnegative: no prediction is paid for, but for a zero that rounding takes a hair below. Else one is."""

    def law(case):
        raw, target = case.draw(2000)
        return float(case.value(raw, target).min()) >= -1e-12

    assert holds(record, law) == record.facts.nonnegative
