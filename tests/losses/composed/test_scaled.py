from __future__ import annotations

import pickle
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from training.cases import ENGINES, pack

from lossbench.errors import BadValue, LossDoesNotFit, UnknownName, UsageError
from lossbench.losses import core_losses, get_loss, register_loss
from lossbench.losses.composed.scaled import Scaled
from lossbench.losses.custom import candidate
from lossbench.task import TASKS
from lossbench.training.trial import Trial
from losses.cases import KINDS, close

every_kind = pytest.mark.parametrize("case", KINDS, ids=str)


def scaled(case, factor=16):
    """Return the loss of a case, multiplied."""
    return get_loss(f"scaled:factor={factor}:loss={case.loss.spec}", case.loss.task)


@every_kind
def test_is_the_other_loss_times_the_factor(case):
    """Value and slope are multiplied; parameters, shares of the classes and targets go through."""
    loss = scaled(case)
    raw, target = case.draw(3, 7)
    given = case.prior(raw)
    close(loss(raw, target, **given), 16 * case.loss(raw, target, **given))
    if case.loss.record.slope is None:
        assert loss.record.slope is None
    else:
        slope = loss.record.slope(raw, target, **given, **loss.parameters)
        close(slope, 16 * case.loss.record.slope(raw, target, **given, **case.loss.parameters))


@every_kind
def test_factor_may_differ_between_models(case):
    """A tensor of factors (models, 1, 1) gives each model its own, in value and slope."""
    raw, target = case.draw(3, 7)
    given = case.prior(raw) | dict(case.loss.parameters)
    factors = torch.tensor([2.0, 0.5, 7.0], dtype=raw.dtype).reshape(3, 1, 1)
    value = case.loss.record.fn(raw, target, **given)
    expected = factors.reshape(3, *[1] * (value.dim() - 1)) * value
    close(scaled(case).record.fn(raw, target, factor=factors, **given), expected)
    if case.loss.record.slope:
        slope = case.loss.record.slope(raw, target, **given)
        close(scaled(case).record.slope(raw, target, factor=factors, **given), factors * slope)


@every_kind
def test_label_is_a_spec_of_the_same_loss(case):
    """It shows the factor and every parameter of the other loss; a copy in another process is the same loss."""
    loss = scaled(case, 0.3)
    again = get_loss(loss.label, case.loss.task)
    assert again.record is loss.record
    assert again.parameters == loss.parameters
    assert again.label == loss.label
    copy = pickle.loads(pickle.dumps(loss))
    assert copy == loss
    assert hash(copy) == hash(loss)


@every_kind
def test_losses_of_one_kind_share_a_record(case):
    """Factors differ between the models of a group, as all parameters do; so the record is one object."""
    assert scaled(case).record is scaled(case, 0.3).record
    assert scaled(case).record is not case.loss.record


@every_kind
def test_inherits_what_a_factor_does_not_change(case):
    """Link, targets, shape of the outputs, domain and facts are those of the other loss; it is its placebo."""
    loss, record = scaled(case), case.loss.record
    assert loss.link == case.loss.link
    same = ("task", "encoding", "source", "outputs_per_target", "whole_batch", "prior", "natural_zero", "domain")
    assert all(getattr(loss.record, field) == getattr(record, field) for field in same)
    assert (loss.name, loss.record.placebo, loss.record.core) == ("scaled", record.name, False)
    assert loss.facts.convex == record.facts.convex
    assert record.formula in loss.formula
    assert loss.summary == "A constant times another loss, or times its derivative."


def test_lipschitz_constant_is_multiplied():
    """By the default factor, as all facts are about the defaults; none stays none."""
    assert get_loss("scaled:loss=ce", "multiclass").facts.lipschitz == pytest.approx(2 * 2**0.5)
    assert get_loss("scaled:loss=mse", "regression").facts.lipschitz is None


@pytest.mark.parametrize("task", TASKS)
def test_without_a_loss_it_is_the_reference_loss(task):
    """That of the task, which must then be stated."""
    reference = core_losses(task)[0]
    assert get_loss("scaled:factor=3", task).label == f"scaled:factor=3:loss={reference}"
    assert get_loss("scaled", task).record is get_loss(f"scaled:loss={reference}", task).record
    with pytest.raises(BadValue, match="state one, or add :loss=NAME"):
        get_loss("scaled:factor=3")


def test_all_behind_loss_is_the_other_s_own():
    """Parameters and statements before `loss=` are about the factor, those behind it about the other loss."""
    loss = get_loss("scaled:factor=4:loss=huber:delta=2:@task=regression")
    assert dict(loss.parameters) == {"factor": 4.0, "delta": 2.0}
    assert loss.task == "regression"
    assert get_loss("scaled:@task=binary").label == "scaled:factor=2:loss=bce"
    assert isinstance(loss.record.fn, Scaled)


MINE = """
    import torch

    def a(raw, target):
        return (raw - target).square().mean(-1)

    def b(raw, target, *, factor=1.0):
        return (factor * (raw - target).abs()).mean(-1)

    class Weighted(torch.nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, prediction, target):
            return self.factor * (prediction - target).square().mean()
"""


@pytest.mark.parametrize(
    "spec", ["scaled:@label={}:factor=2:loss=mine.py:a", "scaled:factor=2:loss=mine.py:a:@label={}"]
)
def test_a_label_on_either_side_is_that_of_the_whole(write, spec):
    """It is the same loss, by whatever name; the label may not be that of a built-in one."""
    write(MINE)
    loss = get_loss(spec.format("big"), "regression")
    assert loss.title == "big"
    assert loss.record is get_loss("scaled:loss=mine.py:a", "regression").record
    with pytest.raises(BadValue, match="'mae' is the name of a built-in loss"):
        get_loss(spec.format("mae"), "regression")


def test_a_factor_that_a_class_is_made_with_is_its_own(write):
    """A constructor's argument stands behind `loss=`, whatever it is called; both factors count."""
    write(MINE)
    raw, target = torch.tensor([[3.0]]), torch.tensor([[1.0]])
    assert float(get_loss("scaled:factor=2:loss=mine.py:Weighted:factor=3", "regression")(raw, target)) == 24


def test_a_registered_loss_is_multiplied_in_another_process_too(monkeypatch):
    """It travels with what is registered, spaces around its name or not."""
    monkeypatch.setattr(candidate, "_REGISTERED", {})
    register_loss("theirs", torch.nn.MSELoss)
    sent = pickle.dumps(get_loss("scaled:factor=2:loss= theirs ", "regression"))
    candidate._REGISTERED.clear()
    assert pickle.loads(sent).record.placebo == "theirs"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("scaled:loss=mine.py:b", "'mine.py:b' has a factor of its own; multiply a loss that has none"),
        ("scaled:loss=mine.py:b:factor=3", "has a factor of its own"),
        ("scaled:loss=mine.py:a:factor=3", "unknown parameter 'factor'"),
        ("scaled:factor=2:loss=mine.py:a@label=x", "a colon belongs before @label="),
        ("scaled:@label=x:loss=mine.py:a:@label=y", "gives @label twice, before loss= and behind it; keep one"),
        ("scaled:loss=mine.py:a:@label=x:@label=y", "gives @label twice; keep one"),
        ("scaled:@task=binary:loss=mine.py:a", "is stated to be for binary, so it does not run on regression"),
    ],
)
def test_bad_specs_of_the_user_s_own_losses_are_refused(write, spec, message):
    """Nothing that is stated or set is dropped without a word."""
    write(MINE)
    with pytest.raises(UsageError, match=re.escape(message)):
        get_loss(spec, "regression")


@pytest.mark.parametrize(
    ("spec", "task", "error", "message"),
    [
        ("scaled:3:loss=mae", None, BadValue, "'3' is no parameter; write scaled:factor=16:loss=NAME"),
        ("scaled:factor:loss=mae", None, BadValue, "'factor' is no parameter"),
        ("scaled:", "binary", BadValue, "'' is no parameter"),
        ("scaled:factor=2:loss=", "binary", BadValue, "names no loss behind loss="),
        ("scaled:factor=2:factor=3:loss=mae", None, BadValue, "gives factor twice; keep one"),
        ("scaled:factor=2:loss=mae:factor=3", None, BadValue, "factor stands before loss="),
        ("scaled:factor=2@label=x:loss=mae", None, BadValue, "a colon belongs before @label="),
        ("scaled@label=x:loss=mae", None, BadValue, "a colon belongs before @label="),
        ("scaled:@gets=raw:loss=mae", None, UnknownName, "before loss=: unknown statement '@gets'"),
        ("scaled:factor=0", "binary", BadValue, r"factor=0 is out of range; give a number in \(0, inf\)"),
        ("scaled:delta=2:loss=huber", None, UnknownName, "unknown parameter 'delta'"),
        ("scaled:loss=huber:factor=2", None, BadValue, "factor stands before loss="),
        ("scaled:loss=hubr", None, UnknownName, "did you mean 'huber'"),
        ("scaled:loss=huber", "binary", LossDoesNotFit, "'huber' does not fit the task binary"),
        ("scaled:loss=mse", None, BadValue, "'mse' serves several tasks"),
        ("scaled:loss=scaled:loss=mae", "binary", BadValue, "has a factor of its own"),
    ],
)
def test_bad_specs_are_refused(spec, task, error, message):
    """What is wrong with either part is one clear error."""
    with pytest.raises(error, match=message):
        get_loss(spec, task)


@pytest.mark.parametrize("train", ENGINES)
@pytest.mark.parametrize("loss", ["ce", "logit_adjusted:tau=0.7", "bi_tempered", "hinge:margin=2"])
def test_under_sgd_a_factor_is_a_learning_rate(train, loss):
    """A power of two at that much less of a rate trains the same network, and factors may differ in a pack."""
    plain = Trial("iris", "multiclass", "mlp:8", loss, "sgd", 0.1, 0.0, 0.0, 32, 2, "none", 0.0, 0)
    losses = {factor: f"scaled:factor={factor}:loss={loss}" for factor in (0.5, 16)}
    trials = (plain, *(replace(plain, loss=spec, lr=0.1 / factor) for factor, spec in losses.items()))
    last = train(pack(*trials), torch.float64).last
    np.testing.assert_allclose(last[1:], last[[0, 0]], rtol=1e-12, atol=1e-12)
