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
    return all(law(case) for case in cases(record))


@every_record
def test_convex(record):
    """Convex: between two points the loss lies below the chord. Else some chord lies below it."""

    def law(case):
        raw, target = case.draw(2000, scale=4)
        other, _ = case.draw(2000, scale=4, seed=1)
        middle = case.value((raw + other) / 2, target)
        chord = (case.value(raw, target) + case.value(other, target)) / 2
        return bool((middle <= chord + 1e-9).all())

    assert holds(record, law) == record.facts.convex


@every_record
def test_bounded(record):
    """Bounded: far out the loss stays below the number of outputs, or 2. Else it passes any height."""

    def law(case):
        raw, target = case.draw(500, scale=1e5)
        return float(case.value(raw, target).max()) <= max(2, case.outputs)

    assert holds(record, law) == record.facts.bounded


@every_record
def test_differentiable(record):
    """Differentiable: along a line the gradient moves in small steps. Else it jumps at a kink."""

    def law(case):
        start, target = case.draw(30, 1, scale=3)
        end, _ = case.draw(30, 1, scale=3, seed=1)
        line = start + torch.linspace(0, 1, 4001, dtype=start.dtype).reshape(-1, 1) * (end - start)
        slopes = gradient(case, line, target.repeat_interleave(4001, dim=1))
        return float(slopes.diff(dim=-2).norm(dim=-1).max()) < 0.1

    assert holds(record, law) == record.facts.differentiable


def steepness(case, outputs, scale):
    """Return the gradient of many samples, each term of a separable loss for itself."""
    raw, target = case.draw(4000, scale=scale, outputs=outputs)
    slope = gradient(case, raw, target)
    if not case.loss.facts.separable:
        return slope.norm(dim=-1)
    return slope.abs() * (outputs if case.loss.task == "regression" else 1)


@pytest.mark.parametrize("record", [r for r in RECORDS if r.facts.lipschitz is not None], ids=name)
def test_lipschitz_constant_holds_and_is_sharp(record):
    """No gradient is larger than the constant, for any number of outputs, and some come within half a per cent."""
    default = cases(record)[0]
    widths = [default.outputs] if record.task == "binary" else [2, 3, 8]
    steepest = max(float(steepness(default, n, scale).max()) for n in widths for scale in (0.3, 1, 3, 30))
    assert steepest <= record.facts.lipschitz * (1 + 1e-6)
    assert steepest >= record.facts.lipschitz * 0.995


@pytest.mark.parametrize("record", [r for r in RECORDS if r.facts.lipschitz is None], ids=name)
def test_without_a_lipschitz_constant_gradients_grow(record):
    """Far out, or near a target of zero, or with many labels, gradients pass any size."""
    default = cases(record)[0]
    width = 1000 if record.task == "multilabel" else None
    raw, target = default.draw(50, scale=1e4, outputs=width)
    if record.task == "regression":
        target = target * 1e-4
    assert gradient(default, raw, target).norm(dim=-1).max() > 100


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
        return 2 * target - raw, target
    if case.loss.record.encoding == "index":
        return raw.flip(-1), raw.shape[-1] - 1 - target
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
