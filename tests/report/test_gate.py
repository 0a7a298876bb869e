"""What a gate found is said so that a reader knows what moved, by how much, and what to do."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from stats.runs import clean, finished, moved

from lossbench.plan.gate import Policies, parse_rules
from lossbench.report.gate import gate_lines, gate_tables, sentence
from lossbench.report.terminal import WIDTH, fitted, print_lines, print_tables
from lossbench.stats.between_runs.gate import GateReport, gate

BASELINE = Path("base.csv")
RULES = parse_rules(["accuracy:-0.02", "epochs_to_target:+20%"])
LOSSES = {name: np.full((6, 3), 0.8) for name in ("bce", "mse", "mae", "focal")}


def run() -> pd.DataFrame:
    """Return a run of four losses under three shares."""
    return finished(LOSSES)


def rows(report: GateReport) -> list[tuple[str, ...]]:
    """Return the rows of all tables."""
    return [row for table in gate_tables(report) for row in table.rows]


def told(report: GateReport) -> list[str]:
    """Return the lines below the tables, where none has to be broken."""
    return list(gate_lines(report, BASELINE, 10**4))


def test_a_fall_is_said_with_its_numbers() -> None:
    """Both means, the change and its interval, what was allowed, n and p; one line a loss and share."""
    before = run()
    by = np.tile([-0.1, -0.12], len(before) // 2)
    report = gate(moved(before, "accuracy", by), before, RULES)
    (table,) = gate_tables(report)
    assert table.title == "gate: moons (binary), accuracy:-0.02, on these very rows"
    assert len(table.rows) == 12
    figures = ("0.800", "0.690", "-0.110 ±0.011", "0.020", "6", "2.1e-06")
    assert table.rows[0] == ("fail", "bce", "clean", "worse", *figures)
    (check, *_) = report.checks
    assert sentence(check) == "worse: 0.800 to 0.690, by -0.110 ±0.011, allowed 0.020; n 6, p 2.1e-06"


def test_plain_passes_are_counted_and_not_listed() -> None:
    """A run against itself has no table, and one line that says how many checks passed."""
    report = gate(run(), run(), RULES)
    assert not rows(report)
    assert told(report) == [
        "gate     passed against base.csv: 0 fail, 0 warn, 24 pass",
        "         of 24 checks: 24 unchanged",
    ]


def test_rows_that_are_missing_alike_take_one_line() -> None:
    """Losses that are missing at every share are one line, the failures before what passes."""
    before, after = run(), run()
    after.loc[after.loss == "focal", "split_hash"] = "other"
    after = after[~after.loss.isin(["mse", "mae"])].replace({"loss": {"bce": "ce"}})
    report = gate(after, before, RULES)
    assert not rows(report)
    assert told(report)[:3] == [
        "fail     moons: focal (3 settings): incomparable: other split_hash than in the baseline",
        "fail     moons: bce, mse, mae (3 settings): missing: seeds 0-5 of the baseline are not here",
        "pass     moons: ce (3 settings): new: seeds 0-5 are not in the baseline",
    ]


def test_settings_by_which_rows_are_missing_are_named() -> None:
    """Of losses that both runs have: what they were trained under there, and here; all else is the same."""
    before = run()
    after = before.assign(epochs=30, lr=0.1)
    (line,) = (line for line in told(gate(after, before, RULES)) if "missing: " in line)
    there, here = (f"lr {one.lr[0]:g} and epochs {one.epochs[0]}" for one in (before, after))
    assert line.endswith(f"; {there} in the baseline, {here} here")
    fewer = before[before.loss != "mse"]
    (line,) = (line for line in told(gate(fewer, before, RULES)) if "missing: " in line)
    assert "in the baseline, " not in line


def test_every_finding_is_put_into_words() -> None:
    """Failing and lost seeds are named, and a change of few seeds says that no test could be made."""
    before = clean({"bce": [0.8, 0.8], "mse": [0.8, 0.8]})
    after = clean({"bce": [0.8, np.nan], "mse": [0.6, 0.7]})
    report = gate(after, before, parse_rules(["accuracy:-0.02"]))
    said = told(report)
    assert "fail     moons: bce: failing: seed 1 ended well in the baseline and not here" in said
    assert "fail     moons: bce, accuracy:-0.02: lost: no value for seed 1, the baseline has one" in said
    assert said[-1] == "         p -: below six seeds the means decide, since no test can be significant"
    assert [row[-2:] for row in rows(report)] == [("2", "-")]
    (text,) = (sentence(check) for check in report.checks if check.finding == "worse")
    assert "; n 2, no test: below six seeds the means decide" in text
    unknown = before.assign(accuracy=np.nan)
    said = told(gate(before, unknown, parse_rules(["accuracy:-0.02"])))
    assert said[0] == "pass     moons: bce, mse, accuracy:-0.02: new: no value in the baseline"


def test_why_a_judged_score_was_not_compared_is_said() -> None:
    """No rule, no row, other hashes, or no value: one line has the data sets, and none of it is a pass."""
    whys = (
        (run(), (), "no rule for it"),
        (run().assign(lr=0.5), RULES, "none of its rows is in the baseline"),
        (run().assign(data_hash="other"), RULES, "its hashes are not those of the baseline"),
        (run().assign(accuracy=np.nan), RULES[:1], "no value that both runs have"),
    )
    excused = Policies(missing="pass", incomparable="pass")
    for before, rules, why in whys:
        both = [pd.concat([one, one.assign(dataset="iris")], ignore_index=True) for one in (run(), before)]
        report = gate(*both, rules, excused)
        assert f"         not checked: moons and iris (accuracy: {why})" in told(report)
        assert report.idle
        assert any(line.startswith("gate     compared nothing against base.csv") for line in told(report))


def test_no_baseline_says_how_to_make_one() -> None:
    """The first run of a CI job is told that nothing was compared, and what to copy where."""
    first, second = told(gate(run(), None, RULES))
    assert "no baseline at base.csv yet" in first
    assert "copy its trials.csv to base.csv" in second


def test_another_machine_is_said() -> None:
    """Rows of another fingerprint are compared, and a line says that last digits may differ."""
    assert "the fingerprints differ" in told(gate(run().assign(fingerprint="f1"), run(), RULES))[-1]


@pytest.mark.parametrize("loss", ["squared_hinge", "label_smoothing:epsilon=0.05:and_something_more=1.25"])
def test_all_of_it_fits_from_sixty_columns_on(loss: str) -> None:
    """No line passes the width and nothing is cut; columns drop out, and only a very long name breaks a row."""
    before = finished(LOSSES | {loss: LOSSES["bce"]}, model="mlp:64,32:sigmoid")
    report = gate(moved(before, "accuracy", -0.1)[before.loss != "mae"], before, RULES)
    (table,) = gate_tables(report)
    for width in (60, 80, WIDTH):
        screen = Console(file=io.StringIO(), width=width + 1)
        print_tables(screen, [fitted(table, width)])
        print_lines(screen, gate_lines(report, BASELINE, width))
        lines = screen.file.getvalue().splitlines()
        assert max(map(len, lines)) <= width
        assert "…" not in screen.file.getvalue()
        places = [place for place, line in enumerate(lines) if line.startswith(" fail")]
        assert len(places) == len(table.rows)
        assert len(loss) > 20 or places == list(range(places[0], places[-1] + 1))
