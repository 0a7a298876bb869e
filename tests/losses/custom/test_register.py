"""A loss that is given a name in Python means what it did, under that name and no other."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.cli.options import ListParam
from lossbench.errors import BadValue, LossFailed
from lossbench.losses import get_loss, register_loss
from lossbench.losses.composed.scaled import SCALED
from lossbench.losses.custom import candidate
from lossbench.losses.registry import names

RAW = torch.tensor([[[0.5], [-1.0], [2.0]], [[0.0], [1.0], [3.0]]], dtype=torch.float64)
TARGET = torch.tensor([[[1.0], [0.0], [2.5]], [[1.0], [1.0], [1.0]]], dtype=torch.float64)


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch):
    """Let each test begin with no loss registered."""
    monkeypatch.setattr(candidate, "_REGISTERED", {})


def same(left: str, right: str) -> bool:
    """Say whether two specs are the same function on a regression task."""
    return torch.equal(get_loss(left, "regression")(RAW, TARGET), get_loss(right, "regression")(RAW, TARGET))


def test_a_registered_loss(write):
    """By decorator or by call, a function, a class or an instance; what is registered is given back."""

    def square(raw, target):
        return (target - raw).square().mean(-1)

    assert register_loss("by call", square) is square
    assert register_loss("by decorator")(square) is square
    register_loss("class", torch.nn.MSELoss)
    register_loss("instance", torch.nn.MSELoss(reduction="none"))
    for spec in ("by call", "by decorator", "class:reduction=none", "instance"):
        assert same(spec, "mse")


def test_what_is_stated_at_registration_holds(write):
    """A task, a target ... need not be stated again; what a spec states wins."""
    register_loss("mine", torch.nn.MSELoss, task="multiclass", gets="probability", target="onehot")
    assert get_loss("mine").task == "multiclass"
    assert "one-hot" in get_loss("mine").record.receives
    assert get_loss("mine:@link=sigmoid").link == "sigmoid"


def test_the_last_registration_counts():
    """As in a notebook, where a cell is run again after a change; the same again changes nothing."""
    register_loss("mine", torch.nn.functional.mse_loss)
    first = get_loss("mine", "regression")
    register_loss("mine", torch.nn.functional.mse_loss)
    assert get_loss("mine", "regression").record is first.record
    register_loss("mine", torch.nn.functional.l1_loss)
    assert same("mine:reduction=none", "mae")


def carrying(weight):
    """Return a loss that carries a tensor along."""
    return lambda raw, target: ((raw - target).square() * weight).mean(-1)


def test_what_a_registered_loss_carries_counts():
    """A closure or an instance with other values has another hash; with equal values the same one."""
    codes = []
    for value in (1.0, 2.0, 1.0):
        register_loss("closure", carrying(torch.full((1,), value)))
        register_loss("instance", torch.nn.HuberLoss(delta=value))
        codes.append([get_loss(name, "regression").record.code for name in ("closure", "instance")])
    assert codes[0] == codes[2]
    assert all(one != other for one, other in zip(codes[0], codes[1], strict=True))


def test_what_cannot_be_written_down_is_refused():
    """A loss whose state has no hash could change unnoticed; the message says to use a file."""
    with pytest.raises(LossFailed, match=r"carries what cannot be written down .* put it into a file"):
        register_loss("mine", carrying(lambda: 0))


@pytest.mark.parametrize("name", ["", " ", "a:b", "a,b", "a=b", "@a", "a ", "mine.py", 3, len])
def test_a_name_that_could_mean_something_else_is_refused(name):
    """Nothing with a character of the grammar, no file; a decorator without a name is told so."""
    with pytest.raises(BadValue, match="cannot be the name of a loss"):
        register_loss(name, torch.nn.MSELoss)


NAMES = [SCALED, *names()]


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_name_is_refused(name):
    """Names and aliases of the catalogue keep their meaning, and so does what multiplies a loss."""
    with pytest.raises(BadValue, match=f"'{name}' is the name of a built-in loss; choose another"):
        register_loss(name, torch.nn.MSELoss)


@settings(deadline=None, max_examples=25)
@given(st.text() | st.text("aé :,=@.py\t", max_size=5))
def test_a_name_that_is_taken_is_reached(name):
    """Every name is either refused, or means the loss in a spec, among others on the command line too."""
    try:
        register_loss(name, torch.nn.MSELoss)
    except BadValue:
        return
    for spec in (name, f"{name}:reduction=sum", f"scaled:loss={name}"):
        assert ListParam().convert(f"mse,{spec}", None, None) == ["mse", spec]
        loss = get_loss(spec, "regression")
        assert name in (loss.record.placebo, loss.name.removesuffix(":reduction=sum"))
