"""The manifest holds what is needed to repeat a run, or to doubt it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch

from lossbench import Comparison
from lossbench.plan.settings import make_settings
from lossbench.report.save import manifest
from lossbench.results.write import json_text


@pytest.fixture
def found(comparison: Comparison) -> dict:
    """Give the manifest of the shared comparison."""
    return manifest(comparison, "lossbench compare")


def test_it_has_what_the_design_asks_for(found: dict) -> None:
    """Date, command, config, versions, machine, threads, hashes, both times and the rate are there."""
    assert found["command"] == "lossbench compare"
    assert datetime.now(UTC) - datetime.fromisoformat(found["date"]) < timedelta(hours=1)
    assert found["versions"]["torch"] == torch.__version__
    assert {"python", "lossbench", "numpy", "scipy", "scikit-learn", "pandas"} < set(found["versions"])
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["threads_per_process"] == 1
    assert {"schema", "wall_seconds", "training_seconds", "trainings_per_second"} < set(found)


def test_it_survives_json(found: dict) -> None:
    """What is read back is what was written, but for tuples, which JSON calls lists."""
    back = json.loads(json_text(found))
    assert json_text(back) == json_text(found)
    assert list(back) == list(found)


def test_the_config_makes_the_same_experiment(found: dict, comparison: Comparison) -> None:
    """The recorded config, read back, gives the settings that were run."""
    assert make_settings(**json.loads(json_text(found["config"]))) == comparison.experiment.settings


def test_rates_and_counts_belong_together(found: dict, comparison: Comparison) -> None:
    """Trainings a second are what this run trained, by wall time, and every data set has its hash."""
    assert found["trials"] == len(comparison.trials)
    wall = comparison.seconds["wall"]
    assert found["trainings_per_second"] == pytest.approx(found["trials"] / wall, abs=1e-3)
    for cached in (5, len(comparison.trials)):
        again = manifest(replace(comparison, cached=cached), "")["trainings_per_second"]
        assert again == pytest.approx((found["trials"] - cached) / wall, abs=1e-3)
    hashes = {name: entry["hash"] for name, entry in found["datasets"].items()}
    assert hashes == dict(comparison.trials[["dataset", "data_hash"]].drop_duplicates().to_numpy())
    assert [(skip["dataset"], skip["loss"]) for skip in found["skipped"]] == [("iris", "huber:delta=1.35")]


def test_the_hashes_are_those_of_the_files(comparison: Comparison, tmp_path: Path) -> None:
    """What `sha256sum` says of the files beside it, the manifest says; it names all of them but itself."""
    comparison.save(tmp_path)
    said = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    files = [path for path in tmp_path.iterdir() if path.name != "manifest.json"]
    assert said == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
