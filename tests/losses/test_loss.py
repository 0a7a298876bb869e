from __future__ import annotations

import dataclasses

import pytest
import torch

from lossbench.errors import BadValue, UnknownName
from lossbench.losses import get_loss

from .cases import CASES, KINDS

every_kind = pytest.mark.parametrize("case", KINDS, ids=str)


def test_parameters_are_read_from_the_spec():
    """Given values are used, the others have their defaults."""
    loss = get_loss("focal:gamma=1", "binary")
    assert dict(loss.parameters) == {"gamma": 1.0, "alpha": 0.5}
    assert loss.spec == "focal:gamma=1"


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        ("huber", "huber:delta=1"),
        ("huber:delta=1.3500001", "huber:delta=1.3500001"),
        ("pinball:tau=1e-5", "pinball:tau=1e-05"),
    ],
)
def test_label_shows_every_parameter(spec, label):
    """Defaults stand in the label too, in full precision, and the label is itself a spec of the same loss."""
    loss = get_loss(spec)
    assert loss.label == label
    assert get_loss(loss.label).parameters == loss.parameters


@every_kind
def test_delegates_to_the_record(case):
    """What the record knows can be asked of the loss."""
    for fact in ("name", "task", "formula", "source", "aliases", "facts", "summary"):
        assert getattr(case.loss, fact) == getattr(case.loss.record, fact)


def test_link_is_the_record_s_unless_a_parameter_rescales_the_outputs():
    """A raw output trained towards 30 is no probability: only the decision is left of it."""
    for case in CASES:
        rescaled = case.loss.record.rescaling and case.loss.spec != case.loss.name
        assert case.loss.link == ("margin" if rescaled else case.loss.record.link)
    assert get_loss("mse_logits:k=1:M=1", "multiclass").link == "clip"


def test_is_frozen():
    """A loss cannot be changed under a running experiment."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_loss("huber").spec = "mae"


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("huber:delta=0", BadValue, r"'huber:delta=0': delta=0 is out of range; give a number in \(0, inf\)"),
        ("huber:delta=inf", BadValue, "out of range"),
        ("huber:delta=wide", BadValue, "delta=wide is not a number"),
        ("pinball:tau=1", BadValue, r"in \(0, 1\)"),
        ("label_smoothing:epsilon=1", BadValue, r"in \[0, 1\)"),
        ("huber:gamma=1", UnknownName, "unknown parameter 'gamma'.*delta"),
        ("log_cosh:delta=1", UnknownName, "takes no parameters"),
        (":delta=1", BadValue, "unknown|no name"),
    ],
)
def test_bad_specs_are_refused(spec, error, message):
    """A parameter that is unknown, no number or out of range is one clear error."""
    with pytest.raises(error, match=message):
        get_loss(spec)


@every_kind
def test_checked_call_is_the_unchecked_one(case):
    """Where the checks pass, they change nothing."""
    raw, target = case.draw(3, 5)
    assert torch.equal(case.loss(raw, target, **case.prior(raw)), case.value(raw, target))


@every_kind
def test_wrong_shapes_are_refused_by_name(case):
    """A target that would only fit by broadcasting is refused, and the message names both shapes."""
    raw, target = case.draw(3, 5)
    for wrong in (target[:1], target[:, :1], target[0], target[..., None, :]):
        if wrong.shape == target.shape:
            continue
        with pytest.raises(BadValue, match="broadcasting is refused") as caught:
            case.loss(raw, wrong, **case.prior(raw))
        assert str(tuple(raw.shape)) in str(caught.value)
        assert str(tuple(wrong.shape)) in str(caught.value)


def test_column_and_vector_never_become_a_square():
    """Identical values of shapes (N, 1) and (N,) cost nothing; the other way round is refused."""
    values = torch.tensor([1.0, 2.0, 3.0])
    assert torch.equal(get_loss("mse", "regression")(values[:, None], values), torch.zeros(3))
    with pytest.raises(BadValue, match=r"raw outputs are .* of shape \(3,\)"):
        get_loss("mse", "regression")(values, values[:, None])
    with pytest.raises(BadValue, match=r"raw has shape \(3, 3\) and target \(3,\)"):
        get_loss("mse", "regression")(values.expand(3, 3), values)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.bool, torch.float64])
def test_binary_losses_take_class_indices(dtype):
    """Targets of 0 and 1 mean the same as integers, booleans and floats, with or without the last axis."""
    loss, raw = get_loss("bce", "binary"), torch.tensor([[0.3], [-2.0]])
    expected = loss.per_sample(raw, torch.tensor([[1.0], [0.0]]))
    for target in (torch.tensor([1, 0], dtype=dtype), torch.tensor([[1], [0]], dtype=dtype)):
        assert torch.equal(loss(raw, target), expected)


@pytest.mark.parametrize(
    ("spec", "task", "raw", "target", "message"),
    [
        ("bce", "binary", torch.zeros(2, 1), torch.tensor([-1, 1]), "wants targets of 0 and 1"),
        ("bce", "multilabel", torch.zeros(1, 2), torch.tensor([[0.0, 2.0]]), "wants targets of 0 and 1"),
        (
            "ce",
            "multiclass",
            torch.zeros(2, 3),
            torch.tensor([0, 3]),
            "classes from 0 to 3, but raw has 3 outputs",
        ),
        ("ce", "multiclass", torch.zeros(2, 3), torch.tensor([-1, 0]), "give indices from 0 to 2"),
        ("ce", "multiclass", torch.zeros(2, 3), torch.tensor([0.0, 1.0]), "wants class indices.*float32"),
        ("ce", "multiclass", torch.zeros(2, 1), torch.tensor([0, 0]), "the outputs, at least 2 of them"),
        ("bce", "binary", torch.zeros(2, 2), torch.tensor([0, 1]), "the outputs, 1 of them"),
        ("ce", "binary", torch.zeros(2, 3), torch.tensor([0, 1]), "the outputs, 2 of them"),
        ("mse", "regression", torch.zeros(2, 1, dtype=torch.int64), torch.zeros(2), "give floating-point"),
        ("mse", "regression", [[0.0]], [0.0], "wants torch tensors"),
    ],
)
def test_values_that_do_not_belong_are_refused(spec, task, raw, target, message):
    """A class out of range, another coding or another type is one clear error instead of a silent number."""
    with pytest.raises(BadValue, match=message):
        get_loss(spec, task)(raw, target)
