"""Models of one's own, as a user names them: the page's own example, the store, configs, Python, and mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch

import lossbench as package
from lossbench.errors import UsageError

from .conftest import BRIEF

PAGE = (Path(__file__).parents[2] / "docs" / "own-model.md").read_text(encoding="utf-8")
NETS = Path(__file__).parents[1] / "training" / "module" / "nets.py"
EXAMPLE = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]


class Line(torch.nn.Module):
    """A class that is handed over in Python."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.out = torch.nn.Linear(inputs, outputs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return raw outputs."""
        raw: torch.Tensor = self.out(features)
        return raw


@pytest.fixture
def nets(tmp_path: Path) -> Path:
    """Write the networks of the page into the current folder."""
    file = tmp_path / "nets.py"
    file.write_text(EXAMPLE, encoding="utf-8")
    return file


def test_the_page_s_example_runs(inside: Callable, nets: Path, tmp_path: Path) -> None:
    """Both networks of docs/own-model.md train, beside a built-in one, and a line says by what."""
    specs = ["mlp:16", "nets.py:Gated:width=8", "nets.py:deep:layers=2"]
    outcome = inside("compare", "-d", "moons", "-l", "bce,ce", "-m", ",".join(specs), *BRIEF, "-o", "out")
    assert outcome.code == 0, outcome.err
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert set(trials.model) == set(specs)
    assert (trials.status == "ok").all()
    assert len(trials[["model", "seed", "weights_hash"]].drop_duplicates()) == 6
    assert "nets.py:deep:layers=2: trained by torch; the compiled step" in " ".join(outcome.out.split())


def test_changed_code_is_trained_anew(inside: Callable, nets: Path, tmp_path: Path) -> None:
    """A second run takes all from the store; after a change nothing, and the rows say that they are others."""
    command = ("compare", "-d", "moons", "-l", "bce,mse", "-m", "mlp:4,nets.py:Gated", *BRIEF, "-o")
    assert "taken from earlier runs" not in inside(*command, "first").out
    assert "all 8 trainings are taken from earlier runs" in " ".join(inside(*command, "again").out.split())
    nets.write_text(EXAMPLE.replace("torch.tanh(", "torch.sin("), encoding="utf-8")
    assert "4 more are taken from earlier runs" in " ".join(inside(*command, "other").out.split())
    first, again, other = (pd.read_csv(tmp_path / name / "trials.csv") for name in ("first", "again", "other"))
    pd.testing.assert_frame_equal(first, again)
    own = first.model == "nets.py:Gated"
    assert (first.weights_hash[~own] == other.weights_hash[~own]).all()
    assert (first.weights_hash[own] != other.weights_hash[own]).all()


def test_engines_write_the_same_scores(inside: Callable, nets: Path, tmp_path: Path) -> None:
    """The loop trains what the fast engines do."""
    command = ("compare", "-d", "iris", "-l", "ce", "-m", "nets.py:Gated", *BRIEF, "--quiet", "--csv")
    for engine in ("native", "fused", "loop"):
        assert inside(*command, f"{engine}.csv", "--engine", engine).code == 0
    found = [
        pd.read_csv(tmp_path / f"{name}.csv")[["accuracy", "log_loss"]] for name in ("native", "fused", "loop")
    ]
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0], other, rtol=1e-4)


def test_what_raises_in_training_fails_alone(inside: Callable, tmp_path: Path) -> None:
    """Its trainings fail, with the reason, others finish, and the exit code is 4."""
    spec = f"{NETS}:Picky"
    outcome = inside("compare", "-d", "breast_cancer", "-l", "mse", "-m", f"mlp:4,{spec}", *BRIEF, "-o", "out")
    assert outcome.code == 4
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    failed = trials[trials.status == "failed"]
    assert len(failed) > 0
    assert set(failed.model) == {spec}
    assert failed.failure.str.contains("raised ValueError: features too large in training").all()


def test_a_warning_is_told_once(inside: Callable) -> None:
    """With the network that warns, and nothing of it on standard error."""
    outcome = inside("compare", "-d", "moons", "-l", "bce,mse", "-m", f"{NETS}:Warns", *BRIEF, "-o", "out")
    assert " ".join(outcome.out.split()).count("nets.py:Warns: it warns: features are looked at") == 1
    assert "features are looked at" not in outcome.err


def test_a_config_names_models(inside: Callable, nets: Path, tmp_path: Path) -> None:
    """As losses are named; a mistake is told with its line."""
    config = tmp_path / "mine.toml"
    config.write_text(
        'datasets = ["moons"]\nlosses = ["bce"]\nmodels = ["nets.py:Gated:width=2"]\n', encoding="utf-8"
    )
    assert inside("compare", "-c", "mine.toml", *BRIEF, "-o", "out").code == 0
    config.write_text('datasets = ["moons"]\nlosses = ["bce"]\nmodels = ["nets.py:Gatd"]\n', encoding="utf-8")
    outcome = inside("compare", "-c", "mine.toml", *BRIEF, "-o", "out")
    assert outcome.code == 2
    assert "mine.toml line 3, key 'models'" in outcome.err
    assert "did you mean 'Gated'?" in outcome.err


def test_a_mistake_leaves_nothing_behind(refusal: Callable) -> None:
    """One line, exit code 2, no folder."""
    message = refusal("compare", "-d", "moons", "-l", "bce", "-m", "torch.nn:Identity", *BRIEF)
    assert "model 'torch.nn:Identity' has no parameters to train" in message


def test_convolutions_are_for_images(refusal: Callable) -> None:
    """A table is refused, and so are more convolutions than an image can be halved."""
    assert "a row of 'iris' is none" in refusal("compare", "-d", "iris", "-m", "cnn:8,16")
    assert "8 × 8 pixels; give fewer" in refusal("compare", "-d", "digits", "-m", "cnn:2,2,2,2")


def test_python_takes_the_class_itself() -> None:
    """It runs by its name; an instance, which has one set of first weights, is refused."""
    brief = {"seeds": 2, "epochs": 2, "outliers": 0}
    result = package.compare("iris", ["ce", "mse"], models=["linear", Line], **brief)
    assert set(result.trials.model) == {"linear", "Line"}
    with pytest.raises(UsageError, match="neither a class nor a function"):
        package.compare("iris", ["ce", "mse"], models=Line(4, 3), **brief)
    with pytest.raises(UsageError, match="two of them are called 'Line'"):
        package.compare("iris", ["ce", "mse"], models=[Line, Line], **brief)
