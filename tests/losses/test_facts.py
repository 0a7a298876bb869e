"""What the records claim about the shapes of the losses, checked with numbers.

A claim holds for every value of the parameters; its denial needs one value of them that shows it.
"""

from __future__ import annotations

from functools import partial

import pytest
import torch

from lossbench.checks.case import Case, gradient, row_by_row
from lossbench.checks.facts import LAWS, steepness
from lossbench.checks.kinks import find_kinks
from lossbench.losses.custom.record import USUAL
from lossbench.training.thread import one_thread

from .cases import RECORDS, cases, name

MANY = ("convex", "bounded", "nonnegative")
"""The laws that look at as many samples as they are told."""

OF_OUTPUTS = [record for record in RECORDS if not record.headless]
"""A loss of embeddings compares rows, so that one row says nothing of it; its laws stand in structured."""

every_record = pytest.mark.parametrize("record", OF_OUTPUTS, ids=name)


def holds(record, law) -> bool:
    """Say whether a law holds for the record with all the parameters under test."""
    return all(law(case) for case in judged(record))


def judged(record):
    """Return the cases of a record; the facts of a loss of whole batches are those of a batch of one sample."""
    return cases(record, alone=record.whole_batch)


@pytest.fixture(autouse=True, scope="module")
def single():
    """Compute in one thread, and flush subnormal numbers, which are many times slower."""
    with one_thread():
        yield


@every_record
def test_facts_are_true_and_so_are_their_denials(record):
    """What is declared holds for all parameters under test; what is not is refuted by some of them."""
    laws = {fact: partial(law, rows=2000) if fact in MANY else law for fact, law in LAWS.items()}
    assert {fact: holds(record, law) for fact, law in laws.items()} == {f: getattr(record.facts, f) for f in LAWS}


NO_SUMS = [record for record in OF_OUTPUTS if record.task != "multilabel" or not record.facts.separable]
"""Without those that are sums of binary losses over the labels, as test_multilabel.py shows of each."""


def kinks(case):
    """Return the kinks of a loss with the usual number of outputs."""
    return find_kinks(row_by_row(Case(case.loss, USUAL[case.loss.task])))


@pytest.mark.parametrize("record", NO_SUMS, ids=name)
def test_gradient_jumps_only_where_declared_and_to_a_subgradient(record):
    """Differentiable: the gradient jumps nowhere along lines in each output. Else it does, for some parameters.

    At a kink the gradient is finite and between those of its two sides, and the value itself never jumps, but in
    a loss that is nothing but steps. Both are one test, since the search for kinks is dear.
    """
    found = [kink for case in judged(record) for kink in kinks(case)]
    assert (not found) == record.facts.differentiable
    for kink in found:
        assert kink.valid, (str(kink.line.case), str(kink))
        assert record.flat or not kink.value_jump, (str(kink.line.case), str(kink))


def steepest(case, outputs, scale):
    """Return the largest gradient of many samples, or of their terms."""
    return float(steepness(case, outputs, scale, rows=12000 // outputs).max())


@pytest.mark.parametrize("record", [r for r in RECORDS if r.facts.lipschitz is not None], ids=name)
def test_lipschitz_constant_holds_and_is_sharp(record):
    """No gradient is larger than the constant, for any number of outputs, and some come within half a per cent."""
    default = judged(record)[0]
    few = {"binary": [default.outputs], "distribution": [1, 2], "segmentation": [1, 2, 3, 8, 200]}
    widths = few.get(record.task, [2, 3, 8, 200])
    found = max(steepest(default, n, scale) for n in widths for scale in (0.3, 1, 3, 30))
    assert found <= record.facts.lipschitz * (1 + 1e-6)
    assert found >= record.facts.lipschitz * 0.995


@pytest.mark.parametrize("record", [r for r in OF_OUTPUTS if r.facts.lipschitz is None], ids=name)
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
