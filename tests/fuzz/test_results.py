"""What a run leaves: its trials, its manifest, and the tables beside them; and the verdicts of claims."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from stats.runs import finished, with_failed

from lossbench.claims.files import read_expected
from lossbench.results.read import read_trials
from lossbench.results.write import csv_text, trials_csv
from lossbench.schema import SCHEMA
from lossbench.stats.findings import average_curves
from lossbench.stats.tuning import tuning_table

from .strategies import spoilt_csv, spoilt_json
from .survives import FEW, FEWEST, command, folder, plain, survives

DRAW = np.random.default_rng(0)
LOSSES = {name: DRAW.random((3, 2)) for name in ("bce", "mse", "mae")}
TRIALS = with_failed(finished(LOSSES, shares=[0.0, 0.2]), "mae", "it raised")
TEXT = trials_csv(TRIALS)
CURVES = csv_text(average_curves(TRIALS, DRAW.random((len(TRIALS), 20))))
TUNING = csv_text(tuning_table(TRIALS[TRIALS.outlier_fraction == 0].assign(seed=lambda rows: rows.seed + 9)))
MANIFEST = {
    "schema": SCHEMA,
    "command": "lossbench compare",
    "config": {"tune": True, "margins": {"accuracy": 0.01}},
    "trials": len(TRIALS),
    "protocols": [{"dataset": "moons", "settings": "l2 0.1", "why": "chosen on validation"}],
    "partial": [{"dataset": "moons", "seeds": [3, 4], "trials": 5}],
    "skipped": [{"dataset": "moons", "loss": "mape", "reason": "it does not fit"}],
    "sha256": {"trials.csv": "0" * 64},
}
SUMMARY = csv_text(TRIALS[TRIALS.seed == 0].assign(verdict="inconclusive"))
CLAIMS = "id,document,verdict\nA1,A,reproduced\nT3,T,depends\nmine,,not yet\n"
FORMS = st.sampled_from(["table", "csv", "json", "markdown", "junit"])


@FEW
@given(spoilt_csv(TEXT))
def test_any_trials_are_read_or_refused(content: bytes) -> None:
    """They are read, or refused with the line; what is read is written again."""
    with folder(trials_csv=content) as place:
        found = []
        if survives(lambda: found.append(read_trials(place))):
            trials_csv(found[0])


@FEWEST
@given(spoilt_csv(TEXT), FORMS)
def test_a_report_of_any_trials_is_printed_or_refused(content: bytes, form: str) -> None:
    """Every table and every file is made, of whatever can be read."""
    with folder(trials_csv=content) as place:
        command("report", str(place), "--format", form, "-o", str(place / "new"))
        if (place / "new").exists():
            plain(place / "new")


@FEW
@given(spoilt_csv(TEXT), st.sampled_from(["table", "csv", "json", "markdown"]))
def test_any_trials_are_compared_or_refused(content: bytes, form: str) -> None:
    """Two runs are compared, whatever one of them holds."""
    with folder(trials_csv=content, other_csv=TEXT.encode()) as place:
        command("diff", str(place / "other.csv"), str(place / "trials.csv"), "--format", form)


@FEWEST
@given(spoilt_json(MANIFEST | {"date": "2026-11-29 03:00:00+00:00"}), spoilt_csv(SUMMARY))
def test_any_runs_have_a_trend_or_are_refused(manifest: bytes, summary: bytes) -> None:
    """Runs are followed, whatever date and verdicts one of them claims to have."""
    with folder(trials_csv=TEXT.encode(), manifest_json=manifest, summary_csv=summary) as place:
        command("trend", str(place), "--html", str(place / "trend.html"))


@FEWEST
@given(spoilt_json(MANIFEST))
@example(json.dumps({**MANIFEST, "config": {"tune": True, "margins": {"accuracy": 10**400}}}).encode())
def test_any_manifest_is_read_or_refused(content: bytes) -> None:
    """What it says is said again, or it is refused."""
    with folder(trials_csv=TEXT.encode(), manifest_json=content) as place:
        command("report", str(place), "-o", str(place / "new"))


@FEWEST
@given(st.sampled_from(["curves_csv", "tuning_csv"]), st.data())
def test_any_table_beside_the_trials_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """It is used, or refused with its line."""
    texts = {"trials_csv": TEXT, "curves_csv": CURVES, "tuning_csv": TUNING}
    files = {other: text.encode() for other, text in texts.items()} | {name: data.draw(spoilt_csv(texts[name]))}
    with folder(**files) as place:
        command("report", str(place), "--format", "json", "-o", str(place / "new"))


@given(spoilt_csv(CLAIMS))
def test_any_expected_verdicts_are_read_or_refused(content: bytes) -> None:
    """They are read, or refused with the line."""
    with folder(claims_csv=content) as place:
        survives(lambda: read_expected(place / "claims.csv"))
