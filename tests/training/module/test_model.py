"""The first weights of a module, and what its name means."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from lossbench.errors import BadValue, ModelFailed, UnknownName
from lossbench.run.keeper import marks_of
from lossbench.run.provenance import hashes
from lossbench.training.module.locate import name_of
from lossbench.training.module.model import ModuleModel
from lossbench.training.module.named import find_model

from ..cases import pack, trial

NETS = str(Path(__file__).with_name("nets.py"))
NET = """
import torch
class Net(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.out = torch.nn.Linear(inputs, outputs)
    def forward(self, x):
        return {}
"""


def test_first_weights_are_those_of_the_seed() -> None:
    """The same for every loss of a seed, also up to the outputs that a wider one adds; others for other seeds."""
    for model in (f"{NETS}:Same", f"{NETS}:Embeds", "resmlp:6x1"):
        narrow, wide = (pack(trial("moons:rows=60", model=model, loss=loss)).weights[0] for loss in ("bce", "ce"))
        assert any(one.shape != two.shape for one, two in zip(narrow, wide, strict=True))
        for one, two in zip(narrow, wide, strict=True):
            np.testing.assert_array_equal(one, two[: len(one)])
        other = pack(trial("moons:rows=60", model=model, seed=1)).weights[0]
        assert not np.array_equal(other[0], narrow[0])


def test_rows_carry_the_hash_of_weights_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses of one seed share it, whatever their outputs; the same weights under other code have another."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "nets.py"
    found = []
    for body in ("self.out(x)", "self.out(x) + 1"):
        file.write_text(NET.format(body), encoding="utf-8")
        each = [pack(trial("moons:rows=60", model="nets.py:Net", loss=loss)) for loss in ("bce", "ce")]
        found.append({hashes(one, "")["weights_hash"][0] for one in each})
        weights = each[0].weights[0]
    assert [len(one) for one in found] == [1, 1]
    assert found[0] != found[1]
    assert weights[0].shape == (1, 2)


def test_only_own_code_marks_what_is_stored() -> None:
    """A row of a built-in network has the key that it had; one of another code of the user's has another."""
    for model, marks in (("mlp:8", 0), ("resmlp:6x1", 0), (f"{NETS}:Same", 1)):
        one = pack(trial("moons:rows=60", model=model))
        assert len(list(marks_of(one.setup, model))) == marks


def test_generators_go_on_as_before() -> None:
    """To make a network draws from no generator that the program goes on to use."""
    for model in (f"{NETS}:Varied", "resmlp:6x1"):
        torch.manual_seed(3), random.seed(3), np.random.seed(3)  # noqa: NPY002
        expected = torch.rand(1), random.random(), np.random.rand()  # noqa: NPY002
        torch.manual_seed(3), random.seed(3), np.random.seed(3)  # noqa: NPY002
        assert pack(trial("iris", model=model)).weights
        assert (torch.rand(1), random.random(), np.random.rand()) == expected  # noqa: NPY002


def test_names_mean_networks() -> None:
    """A file, a module and a function: each is told its sizes by the names of its parameters."""
    for spec in (f"{NETS}:Same:width=3", f"{NETS}:sequence:activation=relu", "torch.nn:Linear", "resmlp:8x2:gelu"):
        model = find_model(spec)
        assert isinstance(model, ModuleModel)
        assert model.parameters(4, 3) == sum(one.numel() for one in model.made(4, 3).parameters())
    assert find_model(f"{NETS}:Same:width=3").parameters(4, 2) == 3 * 5 + 2 * 4


BAD = {
    "cnn:8,x": (BadValue, "positive whole numbers, as in cnn:8,16"),
    "resmlp:64": (BadValue, "as in resmlp:64x2"),
    "resmlp:8x2:rlu": (UnknownName, "did you mean 'relu'"),
    "nowhere.py:Net": (Exception, "no file"),
    "nowhere.nets:Net": (ModelFailed, "No module named 'nowhere'"),
    "torch.nn:Linea": (UnknownName, "did you mean 'Linear'"),
    "torch.nn:functional": (ModelFailed, "makes no model, it is module"),
    f"{NETS}": (BadValue, "is a file; name a class or a function in it"),
    "mpl:16": (UnknownName, "did you mean 'mlp'"),
}


@pytest.mark.parametrize("spec", BAD)
def test_what_names_nothing_is_refused(spec: str) -> None:
    """The message has what would be right."""
    error, words = BAD[spec]
    with pytest.raises(error, match=words):
        find_model(spec)


def test_travels_as_a_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy is the same model; where its file is another one by then, it is refused."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "nets.py"
    file.write_text(NET.format("self.out(x)"), encoding="utf-8")
    model = find_model("nets.py:Net")
    sent = pickle.dumps(model)
    assert pickle.loads(sent) == model
    file.write_text(NET.format("-self.out(x)"), encoding="utf-8")
    assert find_model("nets.py:Net") != model
    with pytest.raises(ModelFailed, match="changed during the run"):
        pickle.loads(sent)


def test_an_instance_is_no_model() -> None:
    """Every seed begins with weights of its own, so that what makes a network is wanted."""
    for model in (torch.nn.Linear(2, 1), 3, lambda inputs, outputs: None):
        with pytest.raises(BadValue, match="neither a class nor a function"):
            name_of(model)
