"""What a gate found is said so that a reader knows what moved, by how much, and what to do."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from stats.runs import clean, finished, moved

from lossbench.plan.gate import parse_rules
from lossbench.report.gate import gate_lines, gate_tables
from lossbench.report.terminal import WIDTH, print_tables
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


def test_a_fall_is_said_with_its_numbers() -> None:
    """Both means, the change and its interval, what was allowed, n and p; one line a loss and share."""
    before = run()
    by = np.tile([-0.1, -0.12], len(before) // 2)
    listed = rows(gate(moved(before, "accuracy", by), before, RULES))
    assert len(listed) == 12
    said = "worse: 0.800 to 0.690, by -0.110 ±0.011, allowed 0.020; n 6, p 2.1e-06"
    assert listed[0] == ("fail", "bce", "clean", "accuracy:-0.02", said)


def test_plain_passes_are_counted_and_not_listed() -> None:
    """A run against itself has no table, and one line that says how many checks passed."""
    report = gate(run(), run(), RULES)
    assert not list(gate_tables(report))
    assert list(gate_lines(report, BASELINE)) == [
        "gate     passed against base.csv: 0 fail, 0 warn, 24 pass",
        "         of 24 checks: 24 unchanged",
    ]


def test_rows_that_are_missing_alike_take_one_line() -> None:
    """Losses that are missing at every share are one line, the failures before what passes."""
    before, after = run(), run()
    after.loc[after.loss == "focal", "split_hash"] = "other"
    after = after[~after.loss.isin(["mse", "mae"])].replace({"loss": {"bce": "ce"}})
    listed = rows(gate(after, before, RULES))
    assert listed == [
        ("fail", "focal", "3 settings", "rows", "incomparable: other split_hash than in the baseline"),
        ("fail", "bce, mse, mae", "3 settings", "rows", "missing: seeds 0-5 of the baseline are not here"),
        ("pass", "ce", "3 settings", "rows", "new: seeds 0-5 are not in the baseline"),
    ]


def test_every_finding_is_put_into_words() -> None:
    """Failing and lost seeds are named, and a change of few seeds says that no test could be made."""
    before = clean({"bce": [0.8, 0.8], "mse": [0.8, 0.8]})
    after = clean({"bce": [0.8, np.nan], "mse": [0.6, 0.7]})
    said = {row[4] for row in rows(gate(after, before, parse_rules(["accuracy:-0.02"])))}
    assert "failing: seed 1 ended well in the baseline and not here" in said
    assert "lost: no value for seed 1, the baseline has one" in said
    assert any(text.startswith("worse: ") and text.endswith("; too few seeds for a test") for text in said)
    unknown = before.assign(accuracy=np.nan)
    said = {row[4] for row in rows(gate(before, unknown, parse_rules(["accuracy:-0.02"])))}
    assert said == {"new: no value in the baseline"}


def test_no_baseline_says_how_to_make_one() -> None:
    """The first run of a CI job is told that nothing was compared, and what to copy where."""
    first, second = gate_lines(gate(run(), None, RULES), BASELINE)
    assert "no baseline at base.csv yet" in first
    assert "copy its trials.csv to base.csv" in second


def test_another_machine_is_said() -> None:
    """Rows of another fingerprint are compared, and a line says that last digits may differ."""
    lines = list(gate_lines(gate(run().assign(fingerprint="f1"), run(), RULES), BASELINE))
    assert "the fingerprints differ" in lines[-1]


def test_tables_fit_a_hundred_columns() -> None:
    """Long names and findings wrap; no line passes 100 columns and nothing is cut."""
    name = "label_smoothing:epsilon=0.05:and_something_more=1.25"
    before = finished(
        {name: np.full((6, 3), 0.8)}, model="mlp:64,32:sigmoid", dataset="a_long_name.csv:target=price"
    )
    (table,) = gate_tables(gate(moved(before, "accuracy", -0.1), before, RULES))
    screen = Console(file=io.StringIO(), width=WIDTH)
    print_tables(screen, [table])
    assert max(map(len, screen.file.getvalue().splitlines())) <= WIDTH
    assert "…" not in screen.file.getvalue()
