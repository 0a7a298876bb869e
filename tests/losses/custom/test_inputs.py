"""A loss gets raw outputs and their target; what needs anything else is refused, and told so."""

from __future__ import annotations

import re

import pytest
import torch
from torch.nn import functional

from lossbench.errors import BadValue, LossMisbehaves
from lossbench.losses import get_loss
from lossbench.losses.custom.inputs import check_inputs


class OfModel:
    """A loss that is made of a model."""

    def __init__(self, model, alpha):
        self.model = model

    def __call__(self, prediction, target):
        """Return a value an output."""
        return (prediction - target).square()


class ByName(torch.nn.Module):
    """A module whose inputs have to be named."""

    def forward(self, *, prediction, target):
        """Return a value an output."""
        return (prediction - target).square()


REFUSED = [
    (torch.nn.TripletMarginLoss, "3 inputs (anchor, positive, negative), and a loss gets two"),
    (torch.nn.TripletMarginLoss(), "compares embeddings"),
    (functional.triplet_margin_loss, "compares embeddings"),
    (
        torch.nn.GaussianNLLLoss,
        "3 inputs (input, target, var), and a loss gets two inputs by position, raw outputs and their target",
    ),
    (lambda model, x, y: 0, "3 inputs (model, x, y)"),
    (lambda x, pred, target: 0, "3 inputs (x, pred, target)"),
    (lambda pred, true_labels, inputs: 0, "3 inputs (pred, true_labels, inputs)"),
    (lambda yTrue, yPred, sampleWeight: 0, "weights of rows are a column, DATA:weight=NAME"),
    (lambda raw, target, alpha, *, mask: 0, "3 inputs (raw, target, mask)"),
    (lambda *, pred, target: 0, "takes pred and target by name alone"),
    (lambda pred, *, target: 0, "takes target by name alone"),
    (ByName, "takes prediction and target by name alone"),
    (OfModel, "needs model to be made, which no spec can give"),
]
"""Losses that want other inputs, and what is told of them."""


@pytest.mark.parametrize(("criterion", "told"), REFUSED)
def test_what_takes_other_inputs_is_refused(criterion, told: str) -> None:
    """They are named, no value is asked for, and the two that a loss gets are told, or those of an embedding."""
    with pytest.raises(LossMisbehaves, match=re.escape(told)) as caught:
        check_inputs("mine", criterion)
    assert "f(raw, target)" in str(caught.value) or "f(embeddings, labels)" in str(caught.value)
    assert "VALUE" not in str(caught.value)


@pytest.mark.parametrize(
    "criterion",
    [
        torch.nn.MSELoss,
        lambda p, t, alpha: 0,
        lambda p, t, alpha=1: 0,
        lambda p, t, weight, num_labels, data_range, *, label_smoothing, out_dim: 0,
        lambda prediction, target, x=None, *, y=None, **others: 0,
        lambda model, obs: 0,
    ],
)
def test_what_a_spec_may_give_is_no_input(criterion) -> None:
    """A function's other parameters are for the spec, and so is what has a default, whatever its name."""
    check_inputs("mine", criterion)


def test_a_number_that_is_given_is_none_either() -> None:
    """Whatever the name says: who writes a value has one."""
    check_inputs("mine", lambda p, t, x: 0, {"x": "2"})
    check_inputs("mine", OfModel, {"model": "2"})


def test_of_a_file_no_input_is_asked_for(write) -> None:
    """But a number is, with the way to write it."""
    write("def f(x, pred, target): return (pred - target).square()\n\ndef g(pred, target, c): return pred * c")
    with pytest.raises(LossMisbehaves, match=r"takes 3 inputs \(x, pred, target\)"):
        get_loss("mine.py:f", "regression")
    with pytest.raises(BadValue, match=r"needs a value for c; write mine\.py:g:c=VALUE"):
        get_loss("mine.py:g", "regression")
