"""Laws that every loss keeps, whatever its task and parameters."""

from __future__ import annotations

import itertools
import pickle
import re

import pytest
import torch

from lossbench.checks.batch import influence, reordered
from lossbench.checks.case import gradient
from lossbench.checks.finite import extremes
from lossbench.checks.slopes import differences
from lossbench.losses import get_loss

from .cases import CASES, OUTPUTS, RECORDS, name

every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_record = pytest.mark.parametrize("record", RECORDS, ids=name)


@every_case
@pytest.mark.parametrize("seed", range(3))
def test_gradient_agrees_with_central_differences(case, seed):
    """The gradient is what differences of the value say, one raw output after the other, away from kinks."""
    raw, target = case.draw(40, seed=seed)
    torch.testing.assert_close(gradient(case, raw, target), differences(case, raw, target), rtol=1e-6, atol=1e-7)


WITH_SLOPE = [case for case in CASES if case.loss.record.slope]


@pytest.mark.parametrize("case", WITH_SLOPE, ids=str)
def test_slope_is_the_derivative(case):
    """Where a record states the derivative, it is autograd's, far out too, in shape, dtype and value."""
    for scale, dtype in itertools.product((0.5, 5, 50), (torch.float64, torch.float32)):
        raw, target = case.draw(3, 40, scale=scale)
        raw = raw.to(dtype)
        target = target.to(dtype) if target.is_floating_point() else target
        slope = case.loss.record.slope(raw, target, **case.prior(raw), **case.loss.parameters)
        tolerance = 1e-10 if dtype is torch.float64 else 1e-4
        torch.testing.assert_close(slope, gradient(case, raw, target), rtol=tolerance, atol=tolerance)


@every_case
@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (0,)])
def test_one_value_a_sample(case, lead):
    """The result has the leading dimensions and the batch, and nothing else; of a whole batch no batch either."""
    raw, target = case.draw(*lead, 5)
    shape = lead if case.loss.record.whole_batch else (*lead, 5)
    assert case.loss(raw, target, **case.prior(raw)).shape == shape


@every_case
def test_keeps_the_dtype(case):
    """Single precision in, single precision out."""
    raw, target = case.draw(5)
    assert case.loss(raw.float(), target, **case.prior(raw.float())).dtype == torch.float32


@every_case
def test_models_do_not_see_each_other(case):
    """A slice of a batch of models has the values and gradients of each model alone."""
    raw, target = case.draw(2, 3, 7)
    together, slopes = case.value(raw, target), gradient(case, raw, target)
    for slot in itertools.product(range(2), range(3)):
        alone = case.value(raw[slot], target[slot])
        torch.testing.assert_close(together[slot], alone, rtol=1e-13, atol=1e-15)
        torch.testing.assert_close(slopes[slot], gradient(case, raw[slot], target[slot]), rtol=1e-13, atol=1e-15)


@every_case
def test_order_does_not_matter(case):
    """Samples in another order have their losses and gradients in that order; of a whole batch, the same loss."""
    first, second = reordered(case)
    torch.testing.assert_close(first, second, rtol=1e-13, atol=1e-15)


@every_case
def test_only_samples_of_a_whole_batch_see_each_other(case):
    """The rest of the batch changes what a sample is to learn in a loss of whole batches, and in no other."""
    moved = influence(case)
    assert (moved > 1e-3).all() if case.loss.record.whole_batch else (moved < 1e-12).all()


@every_case
def test_maps_over_models(case):
    """Under vmap the values are the same: no branch and no shape depends on the data."""
    raw, target = case.draw(3, 7)
    mapped = torch.func.vmap(case.value)(raw, target)
    torch.testing.assert_close(mapped, case.value(raw, target), rtol=1e-13, atol=1e-15)


@every_case
def test_finite_in_single_precision_at_extreme_outputs(case):
    """Value and gradient are finite where a naive form overflows or divides zero by zero."""
    raw, target = extremes(case, 1e4)
    assert case.value(raw, target).isfinite().all()
    assert gradient(case, raw, target).isfinite().all()
    if case.loss.record.slope:
        assert case.loss.record.slope(raw, target, **case.prior(raw), **case.loss.parameters).isfinite().all()


@pytest.mark.parametrize("record", [record for record in RECORDS if record.parameters], ids=name)
def test_a_parameter_may_differ_between_models(record):
    """A parameter tensor (models, 1, 1) gives each model what a plain number gives it."""
    case = next(case for case in CASES if case.loss.record is record)
    raw, target = case.draw(3, 7)
    factors = torch.tensor([1.0, 0.5, 1.5], dtype=raw.dtype)
    tensors = {p.name: (p.default * factors).reshape(3, 1, 1) for p in record.parameters}
    for fn in filter(None, (record.fn, record.slope)):
        together = fn(raw, target, **tensors, **case.prior(raw))
        for model, factor in enumerate(factors.tolist()):
            numbers = {p.name: p.default * factor for p in record.parameters}
            alone = fn(raw[model], target[model], **numbers, **case.prior(raw))
            torch.testing.assert_close(together[model], alone)


@every_record
def test_record_is_complete(record):
    """Every record names its source with a year and gives a formula, and its function explains itself."""
    text = record.fn.__doc__
    year = re.search(r"\b(1[89]|20)\d\d\b", record.source)
    assert year
    assert record.formula
    assert record.facts.estimates
    assert record.summary.endswith(".")
    assert record.source.split()[0].strip(",") in text or record.task == "multilabel"
    for section in ("Args:", "Returns:", "Example:"):
        assert section in text


@every_record
def test_function_and_record_state_the_same_defaults(record):
    """Calling the function without parameters is calling the loss by its bare name."""
    defaults = {parameter.name: parameter.default for parameter in record.parameters}
    assert (record.fn.__kwdefaults__ or {}) == defaults
    assert dict(get_loss(record.name, record.task).parameters) == defaults
    assert all(parameter.accepts(parameter.default) for parameter in record.parameters)


@every_record
def test_function_bears_the_name_of_the_loss(record):
    """A loss called huber is the function huber."""
    assert record.fn.__name__ == record.name


@every_case
def test_survives_pickling(case):
    """A loss can be sent to another process."""
    copy = pickle.loads(pickle.dumps(case.loss))
    assert copy == case.loss
    assert hash(copy) == hash(case.loss)


def test_table_covers_every_task_and_every_parameter():
    """The shared tests see each task, and each loss with parameters away from its defaults too."""
    assert {case.loss.task for case in CASES} == set(OUTPUTS)
    for record in RECORDS:
        for parameter in record.parameters:
            values = {case.loss.parameters[parameter.name] for case in CASES if case.loss.record is record}
            assert len(values) > 1, (record.name, parameter.name)
