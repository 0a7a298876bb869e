"""A CI job learns from the exit code whether a result moved, and from the report what."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

ALONE = ("--csv", "now.csv")
"""Only the trials are written: to make all pages takes longer than to train."""

SMALL = ("compare", "-d", "moons", "-l", "bce,mse", "--seeds", "8", "--epochs", "3", "--outliers", "0", *ALONE)
BOTH = (
    "compare",
    "-d",
    "moons,diabetes",
    "-l",
    "bce,mse",
    "--seeds",
    "6",
    "--epochs",
    "3",
    "--outliers",
    "0",
    *ALONE,
)
"""Data sets that are judged by accuracy, and by R²."""


@pytest.fixture
def baseline(inside, tmp_path: Path) -> Path:
    """Give the trials of a finished run."""
    assert inside(*SMALL, "--csv", "before.csv", "--quiet").code == 0
    return tmp_path / "before.csv"


@pytest.fixture
def both(inside, tmp_path: Path) -> Path:
    """Give the trials of a finished run of two data sets that are judged by different scores."""
    assert inside(*BOTH, "--csv", "before.csv", "--quiet").code == 0
    return tmp_path / "before.csv"


def raised(path: Path, by: float, score: str = "f1") -> None:
    """Make a baseline in which every value of a score is higher than it was."""
    trials = pd.read_csv(path, dtype=str)
    trials[score] = [repr(float(value) + by) if isinstance(value, str) else value for value in trials[score]]
    trials.to_csv(path, index=False, lineterminator="\n")


def words(text: str) -> str:
    """Return a text in one line, however it was broken."""
    return " ".join(text.split())


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
    for rules, code in (("f1:-0.2", 0), ("f1:-0.2, accuracy:-0.2", 0), ("accuracy:-0.2,f1:-0.02", 3)):
        tolerant = ("--baseline-if-exists", str(baseline), "--fail-on", rules, "--quiet")
        assert inside(*SMALL, *tolerant).code == code


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


def test_without_rules_each_data_set_is_held_by_what_it_is_judged_by(inside, both: Path) -> None:
    """A fall beyond the margin of the judged score fails, a smaller one does not, and the report says so."""
    raised(both, 0.005, "r2")
    within = inside(*BOTH, "--baseline", str(both))
    raised(both, 0.3, "r2")
    beyond = inside(*BOTH, "--baseline", str(both))
    assert (within.code, beyond.code) == (0, 3)
    for outcome in (within, beyond):
        said = words(outcome.out)
        assert "no rule is given, so by the judged score and its margin: accuracy:-0.01 on moons; r2:-0.01" in said
        assert "of 3 checks: " in said
        assert "not checked" not in said
    assert inside(*BOTH, "--baseline", str(both), "--margin", "r2=0.5", "--quiet").code == 0


def test_without_a_margin_any_significant_fall_fails(inside, both: Path) -> None:
    """A score that has no margin tolerates nothing, which is said; what did not move passes."""
    judged = (*BOTH, "--score", "log_loss,rmse", "--baseline", str(both))
    outcome = inside(*judged)
    assert outcome.code == 0
    said = "log_loss:+0 on moons; rmse:+0 on diabetes (+0 or -0: no margin is declared, so any significant change"
    assert said in words(outcome.out)
    raised(both, -0.001, "log_loss")
    assert inside(*judged, "--quiet").code == 3


def test_a_gate_that_compares_nothing_is_an_error(inside, both: Path, tmp_path: Path) -> None:
    """Where no score could be compared, that is no pass: the report comes, and the exit code is 2."""
    (tmp_path / "mine.toml").write_text('[gate]\nmissing = "pass"\n')
    other = (*BOTH, "--l2", "0.01", "-c", "mine.toml", "--baseline", str(both))
    for rules in ((), ("--fail-on", "accuracy:-0.02", "--fail-on", "r2:-0.02")):
        outcome = inside(*other, *rules)
        assert outcome.code == 2
        assert "passed against" not in outcome.out
        why = "moons (accuracy: none of its rows is in the baseline); diabetes (r2: none of its rows is in the"
        assert f"not checked: {why}" in words(outcome.out)
        assert why in outcome.err


def test_what_no_rule_looks_at_is_named(inside, both: Path) -> None:
    """With rules, a data set whose judged score none looks at is named in every format, and fails nothing."""
    raised(both, 0.3, "r2")
    said = "not checked: diabetes (r2: no rule for it)"
    ruled = (*BOTH, "--baseline", str(both), "--fail-on", "accuracy:-0.02")
    outcomes = {form: inside(*ruled, "--format", form) for form in ("table", "markdown", "csv", "json", "junit")}
    assert {outcome.code for outcome in outcomes.values()} == {0}
    assert all(said in words(outcomes[form].out) for form in ("table", "markdown"))
    assert all(said in words(outcomes[form].err) for form in ("csv", "json"))
    assert json.loads(outcomes["json"].out)["gate"] == {
        "passed": True,
        "found": {"unchanged": 2},
        "not_checked": [{"dataset": "diabetes", "score": "r2", "why": "no rule for it"}],
    }
    cases = {one.get("name"): one for one in ET.fromstring(outcomes["junit"].out).iter("testcase")}
    case = cases["r2: not checked"]
    assert (case.get("classname"), case.find("skipped").get("message")) == ("diabetes", "no rule for it")


def test_the_gate_fits_the_terminal(inside, both: Path, monkeypatch) -> None:
    """From 60 columns on no line is longer than the terminal, and no row is broken."""
    raised(both, 0.3, "r2")
    for width in (60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        rules = ("--fail-on", "r2:-0.02", "--fail-on", "epochs_to_target:+20%")
        outcome = inside(*BOTH, "--baseline", both.name, *rules)
        assert outcome.code == 3
        told = outcome.out[outcome.out.index("gate:") :].splitlines()
        assert max(map(len, told)) <= width
        (row,) = (line.split() for line in told if line.startswith(" fail"))
        assert row[:3] == ["fail", "mse", "worse"]
        assert "-0.300" in row


def test_settings_that_differ_from_the_baseline_are_named(inside, both: Path) -> None:
    """Rows that are not there under the settings of the baseline: which of them are others is said."""
    other = ("--seeds", "6", "--epochs", "2", "--lr", "0.02", "--outliers", "0", *ALONE)
    outcome = inside(*BOTH[:5], *other, "--baseline", str(both))
    assert outcome.code == 3
    assert "lr 0.01 and epochs 3 in the baseline, lr 0.02 and epochs 2 here" in words(outcome.out)


def test_too_few_seeds_for_a_test_have_no_p_value(inside, tmp_path: Path) -> None:
    """Below six seeds the means decide, which is said in the place of a p value."""
    few = (*SMALL[:6], "3", *SMALL[7:])
    assert inside(*few, "-o", "before", "--quiet").code == 0
    raised(tmp_path / "before" / "trials.csv", 0.1)
    gate = ("--baseline", "before", "--fail-on", "f1:-0.02")
    shown, xml = (inside(*few, *gate, *form).out for form in ((), ("--format", "junit")))
    assert "p -: below six seeds the means decide" in words(shown)
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith(" fail")] == ["-", "-"]
    assert "n 3, no test: below six seeds the means decide" in xml
    assert ", p " not in xml


def test_a_first_run_is_asked_for(inside) -> None:
    """Without a baseline yet nothing fails, and the run says how to make one."""
    outcome = inside(*SMALL, "--baseline-if-exists", "none.csv", "--fail-on", "f1:-0.02")
    assert outcome.code == 0
    assert "no baseline at none.csv yet" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--fail-on", "f1:-0.02"), "compares with a baseline; give --baseline FILE"),
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


def test_a_budget_in_which_no_seed_is_finished_ends_as_one_that_cuts_a_run_short(inside, monkeypatch) -> None:
    """Exit code 4, not that of a mistake: it says what became of what was finished."""
    monkeypatch.setattr("lossbench.training.packing.MODELS", 1)
    cut = inside(*SMALL, "--budget", "0.0s", "-o", "cut")
    assert (cut.code, cut.out) == (4, "")
    assert "no seed was finished within the budget; what was finished before is kept" in cut.err
    assert inside(*SMALL, "--budget", "0.0s", "-o", "cut", "--no-cache").code == 4


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
    assert [path.name for path in cache.iterdir()] == ["program.txt"]


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
