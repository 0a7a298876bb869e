from __future__ import annotations

import pickle
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import torch
from joblib.externals.loky.backend.reduction import dumps

from lossbench.errors import BadValue, CodeFailed, LossFailed, UnknownName, UsageError
from lossbench.losses import get_loss, register_loss
from lossbench.losses.custom import candidate, locate

RAW = torch.tensor([[[0.5], [-1.0], [2.0]], [[0.0], [1.0], [3.0]]], dtype=torch.float64)
TARGET = torch.tensor([[[1.0], [0.0], [2.5]], [[1.0], [1.0], [1.0]]], dtype=torch.float64)


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch):
    """Let each test begin with no loss registered and none installed."""
    monkeypatch.setattr(candidate, "_REGISTERED", {})
    monkeypatch.setattr(locate, "installed", dict)


def same(left: str, right: str) -> bool:
    """Say whether two specs are the same function on a regression task."""
    return torch.equal(get_loss(left, "regression")(RAW, TARGET), get_loss(right, "regression")(RAW, TARGET))


SQUARE = """
    def square(raw, target, *, factor=1.0):
        '''Squared error times a factor.

        More.
        '''
        return ((target - raw).square() * factor).mean(-1)
"""


def test_a_loss_from_a_file(write):
    """A path from the current folder, a path in a folder, an absolute one: the same loss."""
    path = write(SQUARE, "sub/mine.py")
    for place in ("sub/mine.py", "./sub/mine.py", str(path)):
        assert same(f"{place}:square", "mse")
    loss = get_loss("sub/mine.py:square:factor=2", "regression")
    assert (loss.name, loss.source, loss.summary) == (
        "sub/mine.py:square",
        "mine.py",
        "Squared error times a factor.",
    )
    assert dict(loss.parameters) == {"factor": 2.0}
    assert loss.facts is None


def test_a_changed_file_is_another_loss(write):
    """The next call sees the new code, under another hash; the loss at hand stays what it was."""
    write(SQUARE)
    before = get_loss("mine.py:square", "regression")
    value = before(RAW, TARGET)
    write(SQUARE.replace("square()", "abs()"))
    assert same("mine.py:square", "mae")
    assert get_loss("mine.py:square", "regression").record.code != before.record.code
    assert torch.equal(before(RAW, TARGET), value)


def test_a_loss_from_a_module(write):
    """An installed module, or one in the current folder."""
    write(SQUARE, "my_module_of_losses.py")
    assert same("my_module_of_losses:square", "mse")
    assert same("torch.nn:L1Loss:reduction=none", "mae")
    assert get_loss("torch.nn:L1Loss", "regression").source == f"module torch.nn, version {torch.__version__}"


def test_a_loss_of_an_installed_package(monkeypatch):
    """An entry point is found by its bare name; one of a built-in loss's name never is."""
    entries = [EntryPoint(name, "torch.nn.functional:l1_loss", locate.GROUP) for name in ("theirs", "mse")]
    monkeypatch.setattr(locate, "installed", lambda: {entry.name: entry for entry in entries})
    assert same("theirs:reduction=none", "mae")
    assert get_loss("mse", "regression").facts is not None


def test_an_installed_loss_that_is_broken_is_refused(monkeypatch):
    """The message names what is installed and what it raised."""
    entry = EntryPoint("broken", "no_such_module_at_all:loss", locate.GROUP)
    monkeypatch.setattr(locate, "installed", lambda: {"broken": entry})
    with pytest.raises(LossFailed, match=r"'broken' of the installed package .* no_such_module_at_all:loss"):
        get_loss("broken", "regression")


SLIPS = {
    "huber:2": "'2' is no parameter; write huber:KEY=VALUE",
    "huber:delta:2": "'delta:2' is no parameter; write huber:KEY=VALUE",
    "mine.py:square:": "'' is no parameter; write mine.py:square:KEY=VALUE",
    "mine.py:square:2": "'2' is no parameter; write mine.py:square:KEY=VALUE",
    "huber=2": "'huber=2' is no loss; a parameter stands behind a name and a colon",
    "alpha=3": "'alpha=3' is no loss; a parameter stands behind a name and a colon",
    "torch.nn.MSELoss": "a colon parts a module or a file from a name: torch.nn:MSELoss",
    "mine.py.square": "a colon parts a module or a file from a name: mine.py:square",
    "mse+0.5*mae": "a weighted sum begins with sum, as in sum:bce+0.5*dice",
    "square@label=x": "a colon belongs before @label=",
    "torch.nn:mseloss": "did you mean 'MSELoss'?",
    "torch.nn:L1": "did you mean 'L1Loss'?",
    "torch.nn:xyz": "Known: AdaptiveLogSoftmaxWithLoss",
    "Scaled": "did you mean 'scaled'?",
}


@pytest.mark.parametrize("spec", SLIPS)
def test_a_slip_is_told_with_what_was_meant(write, spec):
    """A colon too few, a key left out, another case: the message has the right form."""
    write(SQUARE)
    with pytest.raises(UsageError, match=re.escape(SLIPS[spec])):
        get_loss(spec, "regression")


def test_a_module_may_be_called_as_a_built_in_loss(write):
    """A file `dice.py` in the current folder is a module like any other."""
    write(SQUARE, "dice.py")
    assert same("dice:square", "mse")


BAD = {
    "names nothing": ("x = 1", "mine.py:f", UnknownName, ["mine.py", "unknown loss 'f'", "it defines nothing"]),
    "near": (SQUARE, "mine.py:squre", UnknownName, ["did you mean 'square'?", "Known: square"]),
    "no name": (SQUARE, "mine.py", BadValue, ["'mine.py' is a file", "mine.py:NAME"]),
    "empty name": (SQUARE, "mine.py:", UnknownName, ["mine.py", "Known: square"]),
    "no loss": ("f = 3", "mine.py:f", LossFailed, ["'mine.py:f' is no loss but int", "f(prediction, target)"]),
    "no file": ("", "nowhere.py:f", CodeFailed, ["no file", "nowhere.py", "current folder"]),
    "no module": ("", "no_such.losses:DiceLoss", LossFailed, ["No module named 'no_such'", "install the package"]),
    "bad module": ("1 / 0", "mine:f", LossFailed, ["module mine", "ZeroDivisionError"]),
    "near in a module": ("", "torch.nn:SmoothL1", UnknownName, ["did you mean 'SmoothL1Loss'?"]),
    "unknown": ("", "hubr", UnknownName, ["unknown loss 'hubr'; did you mean 'huber'?"]),
    "unknown parameter": (SQUARE, "mine.py:square:factr=2", UnknownName, ["'factr'", "did you mean 'factor'?"]),
    "no task": (SQUARE, "mine.py:square", BadValue, ["state the task", "regression, binary"]),
}


@pytest.mark.parametrize("ailment", BAD)
def test_what_is_not_there_is_refused(write, ailment):
    """One message: what, where, why, and what to do."""
    text, spec, error, words = BAD[ailment]
    write(text)
    with pytest.raises(error) as caught:
        get_loss(spec, None if ailment == "no task" else "regression")
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_s_imports_are_no_losses_of_it(write):
    """The message lists what the file defines, not what it imports."""
    write("import torch\nfrom math import sqrt\nfrom torch.nn import MSELoss\ndef f(p, t): ...")
    with pytest.raises(UnknownName, match=r"Known: f$"):
        get_loss("mine.py:g", "regression")


def test_survives_pickling(write):
    """A copy that comes back is the same loss with the same record, label and all."""
    write(SQUARE)
    register_loss("mine", torch.nn.L1Loss)
    for spec in ("mine.py:square:factor=2:@label=two", "mine:reduction=sum"):
        loss = get_loss(spec, "regression", targets=2)
        copy = pickle.loads(pickle.dumps(loss))
        assert copy == loss
        assert copy.record is loss.record
        assert copy.targets == 2


def test_travels_to_another_process(write):
    """A loss registered here, and one of a file, are there in a new process, with their hashes."""
    write(SQUARE)

    def square(raw, target, *, factor=1.0):
        return ((target - raw).square() * factor).mean(-1)

    register_loss("mine", square)
    losses = [get_loss(spec, "regression") for spec in ("mine:factor=2", "mine.py:square")]
    Path("losses").write_bytes(dumps(losses))  # as they are sent to other processes
    program = "import pickle; print(*[loss.record.code for loss in pickle.load(open('losses', 'rb'))])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.split() == [loss.record.code for loss in losses], done.stderr
