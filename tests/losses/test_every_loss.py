"""Laws that every loss keeps, whatever its task and parameters, beside those of `lossbench.checks`.

Those are held to every loss in tests/checks/test_run.py.
"""

from __future__ import annotations

import inspect
import itertools
import pickle
import re

import pytest
import torch

from lossbench.checks.case import gradient
from lossbench.checks.numerics import extremes
from lossbench.checks.shape import influence
from lossbench.losses import get_loss

from .cases import CASES, KINDS, OUTPUTS, RECORDS, cases, name

every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_record = pytest.mark.parametrize("record", RECORDS, ids=name)

WITH_SLOPE = [case for case in CASES if case.loss.record.slope]


@pytest.mark.parametrize("case", WITH_SLOPE, ids=str)
def test_slope_is_the_derivative(case):
    """A stated derivative is autograd's, far out too, in shape, dtype and value, and finite at extreme outputs."""
    for scale, dtype in itertools.product((0.5, 5, 50), (torch.float64, torch.float32)):
        raw, target = case.draw(3, 40, scale=scale)
        raw = raw.to(dtype)
        target = target.to(dtype) if target.is_floating_point() else target
        slope = case.loss.record.slope(raw, target, **case.prior(raw), **case.loss.parameters)
        tolerance = 1e-10 if dtype is torch.float64 else 1e-4
        torch.testing.assert_close(slope, gradient(case, raw, target), rtol=tolerance, atol=tolerance)
    raw, target = extremes(case, 1e4)
    assert case.loss.record.slope(raw, target, **case.prior(raw), **case.loss.parameters).isfinite().all()


@every_case
def test_models_do_not_see_each_other(case):
    """A slice of a batch of models has the values and gradients of each alone; no models have none."""
    raw, target = case.draw(2, 3, 7)
    together, slopes = case.value(raw, target), gradient(case, raw, target)
    for slot in itertools.product(range(2), range(3)):
        alone = case.value(raw[slot], target[slot])
        torch.testing.assert_close(together[slot], alone, rtol=1e-13, atol=1e-15)
        torch.testing.assert_close(slopes[slot], gradient(case, raw[slot], target[slot]), rtol=1e-13, atol=1e-15)
    assert case.value(raw[:0], target[:0]).shape == (0, *together.shape[1:])


WHOLE = [case for case in CASES if case.loss.record.whole_batch and not case.loss.record.flat]


@pytest.mark.parametrize("case", WHOLE, ids=str)
def test_samples_of_a_whole_batch_see_each_other(case):
    """In a loss of whole batches, the rest of the batch changes what a sample is to learn."""
    assert (influence(case) > 1e-3).all()


@every_case
def test_maps_over_models(case):
    """Under vmap the values are the same: no branch and no shape depends on the data."""
    raw, target = case.draw(3, 7)
    mapped = torch.func.vmap(case.value)(raw, target)
    torch.testing.assert_close(mapped, case.value(raw, target), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("record", [record for record in RECORDS if record.parameters], ids=name)
def test_a_parameter_may_differ_between_models(record):
    """A parameter tensor (models, 1, 1) gives each model what a plain number gives it."""
    case = cases(record)[0]
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
    """Every record names its source with a year, a formula and a range; the function has a line and an example."""
    assert re.search(r"\b(1[89]|20)\d\d\b", record.source)
    assert record.formula
    assert record.facts.estimates
    assert record.summary.endswith(".")
    assert record.facts.bounded == ("inf" not in record.interval)
    assert record.facts.nonnegative == record.interval.startswith("[0,")
    assert ">>>" in record.fn.__doc__.partition("Example:")[2]


@every_record
def test_docstring_says_what_the_record_says(record):
    """The help of a function shows formula and source, each argument and its meaning, and what is returned."""
    text = " ".join(record.fn.__doc__.split())
    arguments = [f"{parameter.name}: {parameter.description}." for parameter in record.parameters]
    assert all(said in text for said in (record.formula, f"Source: {record.source}"[:60], *arguments))
    listed = [line.split(":")[0] for line in sections(record)["Args"]]
    assert listed == list(inspect.signature(record.fn).parameters)
    (returned,) = sections(record)["Returns"]
    assert returned.startswith("(...), in" if record.whole_batch else "(..., batch), in")


def sections(record):
    """Return the lines of each section of a function's docstring, those that are wrapped left out."""
    parts = re.findall(r"^(\w+):\n((?:    .*\n)+)", record.fn.__doc__ + "\n", re.MULTILINE)
    return {name: re.findall(r"^    (\S.*)", lines, re.MULTILINE) for name, lines in parts}


@every_record
def test_function_and_record_state_the_same_defaults(record):
    """Calling the function without parameters is calling the loss by its bare name."""
    defaults = {parameter.name: parameter.default for parameter in record.parameters}
    assert (record.fn.__kwdefaults__ or {}) == defaults
    assert dict(get_loss(record.name, record.task).parameters) == defaults
    assert all(parameter.accepts(parameter.default) for parameter in record.parameters)


@pytest.mark.parametrize("case", KINDS, ids=str)
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
