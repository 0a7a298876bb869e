"""A CI job learns from the exit code whether a result moved, and from the report what."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

SMALL = ("compare", "-d", "moons", "-l", "bce,mse", "--seeds", "8", "--epochs", "3", "--outliers", "0")


@pytest.fixture
def baseline(inside, tmp_path: Path) -> Path:
    """Give the trials of a finished run."""
    assert inside(*SMALL, "-o", "before", "--quiet").code == 0
    return tmp_path / "before" / "trials.csv"


def raised(path: Path, by: float) -> None:
    """Make a baseline in which every F1 is higher than it was."""
    trials = pd.read_csv(path, dtype=str)
    trials["f1"] = (trials["f1"].astype(float) + by).map(repr)
    trials.to_csv(path, index=False, lineterminator="\n")


def test_a_run_is_no_worse_than_itself(inside, baseline: Path) -> None:
    """Against its own trials nothing moved, whatever is tolerated."""
    outcome = inside(*SMALL, "--baseline", str(baseline), "--fail-on", "f1:-0", "--quiet")
    assert (outcome.code, outcome.out) == (0, "")


def test_a_fall_is_reported_and_then_fails(inside, baseline: Path, tmp_path: Path) -> None:
    """The files and tables are there, the check that failed is named, and the exit code is 3."""
    raised(baseline, 0.1)
    outcome = inside(*SMALL, "--baseline", str(baseline), "--fail-on", "f1:-0.02", "-o", "after")
    assert outcome.code == 3
    assert "FAILED against" in outcome.out
    assert (tmp_path / "after" / "trials.csv").is_file()
    tolerant = ("--baseline-if-exists", str(baseline), "--fail-on", "f1:-0.2", "--quiet")
    assert inside(*SMALL, *tolerant).code == 0


def test_the_config_has_rules_and_policies_too(inside, baseline: Path, tmp_path: Path) -> None:
    """A rule of the config fails like one of the command line; a policy excuses what is missing."""
    raised(baseline, 0.1)
    config = tmp_path / "mine.toml"
    config.write_text('[gate]\nmissing = "pass"\nrules = [{ rule = "f1:-0.02", loss = "mse" }]\n')
    options = (*SMALL, "-c", str(config), "--baseline", str(baseline), "--format", "junit")
    failed = ET.fromstring(inside(*options).out)
    assert [case.get("name") for case in failed.iter("testcase") if case.find("failure") is not None] == [
        "mse: f1:-0.02"
    ]
    config.write_text('[gate]\nmissing = "pass"\n')
    assert (
        inside(*SMALL[:4], "bce", *SMALL[5:], "-c", str(config), "--baseline", str(baseline), "--quiet").code == 0
    )


def test_a_first_run_is_asked_for(inside) -> None:
    """Without a baseline yet nothing fails, and the run says how to make one."""
    outcome = inside(*SMALL, "--baseline-if-exists", "none.csv", "--fail-on", "f1:-0.02")
    assert outcome.code == 0
    assert "no baseline at none.csv yet" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fail-on", "f1:-0.02"), "needs something to be worse than; give --baseline FILE"),
        (("--baseline", "none.csv"), "no baseline at none.csv; give the path of a trials.csv, or --baseline-if"),
        (("--baseline", "a.csv", "--baseline-if-exists", "b.csv"), "give one of the two"),
        (("--baseline", "none.csv", "--fail-on", "f1:0.02"), "for f1 higher is better"),
        (("--baseline", "none.csv", "--fail-on", "f11:-0.02"), "f1"),
        (("--budget", "soon"), "'soon' is no time; write 90s, 5m or 1.5h"),
    ],
)
def test_a_mistake_is_refused_before_training(refusal, arguments: tuple[str, ...], message: str) -> None:
    """A rule with the wrong sign, or nothing to hold the run against, is said at once."""
    assert message in refusal(*SMALL, *arguments)


def test_a_run_that_is_cut_short_is_labelled_and_goes_on(inside, tmp_path: Path, monkeypatch) -> None:
    """After the budget: exit code 4 and what is missing; the same command then trains only that."""
    monkeypatch.setattr("lossbench.training.packing.MODELS", 4)
    cut = inside(*SMALL, "--budget", "0.0s", "-o", "cut")
    assert cut.code == 4
    assert "partial  moons: " in cut.out
    assert "partial  moons: " in (tmp_path / "cut" / "report.md").read_text()
    whole = inside(*SMALL, "-o", "cut")
    assert whole.code == 0
    assert "taken from earlier runs" in whole.out
    assert "partial" not in (tmp_path / "cut" / "report.md").read_text()


def test_no_cache_keeps_nothing(inside, cache: Path) -> None:
    """The store is neither made nor read."""
    assert inside(*SMALL, "--no-cache", "--quiet").code == 0
    assert list(cache.iterdir()) == []


def test_a_loss_that_fails_ends_in_code_4(inside, tmp_path: Path) -> None:
    """The other losses finish, the reason is said, and the exit code tells."""
    (tmp_path / "own.py").write_text(
        "calls = 0\n\ndef f(raw, target):\n    global calls\n    calls += 1\n"
        "    if calls > 25:\n        raise ValueError('enough')\n    return (raw - target).square().mean(-1)\n"
    )
    outcome = inside(
        "compare", "-d", "diabetes", "-l", "mse,own.py:f", "--seeds", "2", "--epochs", "8", "--outliers", "0"
    )
    assert outcome.code == 4
    said = " ".join(outcome.out.split())
    assert "failed own.py:f on diabetes, epoch " in said
    assert "ValueError: enough" in said
