from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from lossbench.errors import BadValue, LossDoesNotFit, LossMisbehaves, UnknownName
from lossbench.losses.custom.conventions import (
    KEYS,
    LINKS,
    STATEMENTS,
    check_inputs,
    check_none_left,
    make_convention,
    parameters_of,
    read_arguments,
    recognise,
    split_loss,
)
from lossbench.task import TASKS


class Ours(torch.nn.Module):
    """A module that follows the signature of the built-in losses."""

    def forward(self, raw, target):
        """Return a value a sample."""
        return (raw - target).square().mean(-1)


class Called:
    """A class that is no module."""

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, prediction, target, power=2.0):
        """Return a value an output."""
        return self.scale * (prediction - target).abs() ** power


def theirs(prediction, target, **options):
    """Take any option."""
    return 0


@pytest.mark.parametrize(
    ("criterion", "form"),
    [
        (lambda raw, target, *, alpha=1.0: 0, "raw"),
        (Ours, "raw"),
        (Ours(), "raw"),
        (lambda target, raw: 0, "pair"),
        (lambda raw: 0, "pair"),
        (theirs, "pair"),
        (torch.nn.MSELoss, "pair"),
        (torch.nn.MSELoss(), "pair"),
        (Called, "pair"),
        (Called(1.0), "pair"),
        (torch.dist, "pair"),
        (lambda *arguments: 0, "pair"),
    ],
)
def test_our_signature_is_known_by_its_names(criterion, form):
    """First raw, then target: then all models at once; in any other case one after the other."""
    assert recognise(criterion) == form


@pytest.mark.parametrize(
    ("criterion", "names"),
    [
        (lambda raw, target, *, alpha=1.0: 0, ["alpha"]),
        (torch.nn.SmoothL1Loss, ["size_average", "reduce", "reduction", "beta"]),
        (torch.nn.SmoothL1Loss(), []),
        (Ours, []),
        (Called, ["scale"]),
        (Called(1.0), ["power"]),
        (torch.dist, []),
    ],
)
def test_parameters_are_the_constructor_s_or_the_function_s(criterion, names):
    """Of a class what makes an instance of it; else what stands behind prediction and target."""
    assert list(parameters_of(criterion)) == names


@pytest.mark.parametrize("task", TASKS)
def test_without_statements_a_loss_gets_what_torch_s_losses_want(task):
    """Raw outputs; class indices where classes exclude each other, else numbers; the link of the task."""
    convention = make_convention(task, "pair", {}, "mine")
    assert (convention.gets, convention.link) == ("raw", LINKS[task][0])
    assert convention.target == ("index" if task in ("multiclass", "embedding") else "values")
    assert convention.outputs_per_target == 1


def test_every_statement_is_kept_or_refused():
    """Whatever is stated, in any order, is what the loss gets, or does not fit the task; nothing is ignored."""
    refused = set()
    for task in TASKS:
        for values in itertools.product(*STATEMENTS.values()):
            stated = dict(zip(STATEMENTS, values, strict=True))
            try:
                convention = make_convention(task, "pair", stated, "mine")
            except LossDoesNotFit:
                refused.add((task, *stated.values()))
                continue
            assert {key: getattr(convention, key) for key in STATEMENTS} == stated
            backwards = dict(reversed(stated.items()))
            assert make_convention(task, "raw", backwards, "mine") == convention
    assert ("regression", "pair", "raw", "values", "sigmoid") in refused
    assert ("binary", "pair", "raw", "index", "sigmoid") in refused
    assert ("multiclass", "pair", "probability", "index", "margin") in refused


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"get": "raw"}, ["'mine': unknown statement '@get'; did you mean '@gets'?", "@label", "@task"]),
        ({"gets": "probabilities"}, ["unknown @gets 'probabilities'; did you mean 'probability'?"]),
        ({"link": "logit"}, ["unknown @link 'logit'", "sigmoid"]),
    ],
)
def test_a_statement_that_does_not_exist_is_refused(stated, words):
    """With the nearest that does, and the spec in which it stands."""
    with pytest.raises(UnknownName) as caught:
        make_convention("binary", "pair", stated, "'mine'")
    for word in words:
        assert word in str(caught.value)


def test_probabilities_and_one_hot_targets():
    """Probabilities are those of the link; a one-hot target has its one where the index points."""
    raw = torch.randn(2, 5, 3, dtype=torch.float64)
    index = torch.randint(3, (2, 5))
    stated = {"gets": "probability", "target": "onehot"}
    softmax = make_convention("multiclass", "pair", stated, "mine")
    assert torch.equal(softmax.prediction(raw), raw.softmax(-1))
    assert torch.equal(softmax.seen(index, raw), torch.nn.functional.one_hot(index, 3).to(raw.dtype))
    sigmoid = make_convention("multiclass", "pair", {**stated, "link": "sigmoid"}, "mine")
    assert torch.equal(sigmoid.prediction(raw), raw.sigmoid())


@pytest.mark.parametrize(
    ("task", "stated", "words"),
    [
        ("regression", {}, "raw outputs (batch, targets) and target (batch, targets)"),
        ("regression", {"link": "location"}, "raw outputs (batch, 2 · targets) and target (batch, targets)"),
        ("binary", {}, "raw outputs (batch, 1) and target of 0 and 1 (batch, 1)"),
        ("binary", {"link": "softmax"}, "raw outputs (batch, 2) and class index (batch)"),
        ("multilabel", {}, "raw outputs (batch, labels) and target of 0 and 1 (batch, labels)"),
        ("multiclass", {"convention": "raw"}, "raw outputs (..., batch, classes) and class index (..., batch)"),
        ("multiclass", {"target": "onehot"}, "raw outputs (batch, classes) and one-hot target (batch, classes)"),
    ],
)
def test_what_a_loss_gets_is_said(task, stated, words):
    """In one line, with the shapes."""
    assert str(make_convention(task, "pair", stated, "mine")) == words


def declared(criterion=lambda p, t, number=1.0, whole=3, flag=True, text="mean", free=None: 0):
    """Return the parameters of a function that has one of each kind."""
    return parameters_of(criterion)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"number": "2"}, 2.0),
        ({"number": "-1e-3"}, -0.001),
        ({"whole": "2"}, 2),
        ({"whole": "2.5"}, 2.5),
        ({"flag": "false"}, False),
        ({"flag": "True"}, True),
        ({"text": "sum"}, "sum"),
        ({"text": "3"}, "3"),
        ({"text": "none"}, "none"),
        ({"free": "none"}, None),
        ({"free": "true"}, True),
        ({"free": "2"}, 2),
        ({"free": "2.0"}, 2.0),
        ({"free": "sum"}, "sum"),
    ],
)
def test_a_value_is_read_as_the_signature_wants_it(given, value):
    """The default says whether a number, a truth value or a text is wanted; without one the value speaks."""
    (read,) = read_arguments("f", given, declared()).values()
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["wide", "none", "true", "nan", "inf", "1e999", ""])
@pytest.mark.parametrize("key", ["number", "whole"])
def test_where_a_number_is_wanted_only_a_finite_one_will_do(key, text):
    """The message quotes the spec and the value."""
    with pytest.raises(BadValue, match=f"'f': {key}={text} is not a finite number"):
        read_arguments("f", {key: text}, declared())


def test_where_a_truth_value_is_wanted_only_one_will_do():
    """A number is none."""
    with pytest.raises(BadValue, match="flag=1 is neither true nor false"):
        read_arguments("f", {"flag": "1"}, declared())


def test_a_parameter_without_default_must_be_given():
    """The message says how to write it."""
    with pytest.raises(
        BadValue, match=r"'mine.py:Called' needs a value for scale; write mine.py:Called:scale=VALUE"
    ):
        read_arguments("mine.py:Called", {}, parameters_of(Called))


def test_any_parameter_may_be_given_where_the_signature_takes_any():
    """Of a function with **options the names are not known; of any other they are."""
    assert read_arguments("f", {"a": "1", "b": "x"}, parameters_of(theirs)) == {"a": 1, "b": "x"}
    with pytest.raises(UnknownName, match=r"unknown parameter 'a'.*takes no parameters"):
        read_arguments("f", {"a": "1"}, parameters_of(Ours))


@settings(deadline=None, max_examples=25)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_to_the_last_bit(value: float) -> None:
    """A float written out is the same float again."""
    assert read_arguments("f", {"number": repr(value)}, declared()) == {"number": value}


plain = st.text(st.characters(exclude_characters=':=@"', exclude_categories=("C", "Z")), min_size=1)
keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)


@settings(deadline=None, max_examples=25)
@given(plain, st.dictionaries(keys, plain), st.dictionaries(st.sampled_from(KEYS), plain))
@example("f", {"A": "["}, {"target": "]"})
def test_parameters_and_statements_are_told_apart(name, given_, stated):
    """What is written with an @ is stated, all else is a parameter, whatever the keys are."""
    pairs = [*given_.items(), *((f"@{key}", value) for key, value in stated.items())]
    spec = ":".join([name, *(f"{key}={value}" for key, value in pairs)])
    assert split_loss(spec) == (name, given_, stated)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(KEYS), plain, st.sampled_from(["huber", "mine.py:f", "huber:delta=2", "scaled:factor=2"]))
def test_a_statement_without_its_colon_is_refused(key, value, before):
    """Behind a name or a value it would be a part of that; the message has the colon."""
    with pytest.raises(BadValue, match=f"a colon belongs before @{key}=; write :@{key}="):
        split_loss(f"{before}@{key}={value}")


def test_an_at_sign_alone_is_no_statement():
    """A folder may have one in its name."""
    assert split_loss("me@home/mine.py:f@2:x=a@b")[:2] == ("me@home/mine.py:f@2", {"x": "a@b"})


def test_what_is_left_is_refused():
    """The message says what may be stated; nothing left is fine."""
    check_none_left({}, "here")
    with pytest.raises(UnknownName, match=r"here: unknown statement '@gets'.* Known: @label, @task"):
        check_none_left({"gets": "raw"}, "here")


@pytest.mark.parametrize(
    ("criterion", "told"),
    [
        (torch.nn.TripletMarginLoss, "3 inputs (anchor, positive, negative), .* compares embeddings"),
        (torch.nn.TripletMarginLoss(), "compares embeddings"),
        (functional.triplet_margin_loss, "compares embeddings"),
        (torch.nn.GaussianNLLLoss, "3 inputs (input, target, var), and a loss gets a prediction and its target$"),
    ],
)
def test_what_takes_more_than_two_inputs_is_refused(criterion, told: str) -> None:
    """They are named, and what compares embeddings is told from what wants one more input."""
    with pytest.raises(LossMisbehaves, match=told.replace("(", r"\(").replace(")", r"\)")):
        check_inputs("mine", criterion)


@pytest.mark.parametrize("criterion", [torch.nn.MSELoss, lambda p, t, alpha: 0, lambda p, t, alpha=1: 0])
def test_what_a_spec_may_give_is_no_input(criterion) -> None:
    """A function's other parameters are for the spec."""
    check_inputs("mine", criterion)
