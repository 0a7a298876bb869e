from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lossbench.errors import BadValue, LossDoesNotFit, UnknownName
from lossbench.losses.custom.conventions import (
    KEYS,
    LINKS,
    STATEMENTS,
    check_none_left,
    make_convention,
    split_loss,
)
from lossbench.task import TASKS


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
