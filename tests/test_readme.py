"""What the README shows is what the committed reference results say."""

from __future__ import annotations

import io
import json
import re
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from lossbench.plan.settings import make_settings
from lossbench.report.tables import tables
from lossbench.report.terminal import WIDTH, print_lines, print_tables
from lossbench.report.words import LEGEND
from lossbench.results.read import read_trials
from lossbench.results.write import csv_text, summary_csv
from lossbench.stats.pairs import compare_pairs
from lossbench.stats.summary import summarise

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"


@pytest.fixture(scope="module")
def trials():
    """Give the reference trials."""
    return read_trials(REFERENCE)


def test_the_picture_is_of_the_reference(trials) -> None:
    """Every line of the README's tables is printed from the reference trials, letter for letter."""
    screen = Console(file=io.StringIO(), width=WIDTH)
    print_tables(screen, tables(summarise(trials)))
    print_lines(screen, LEGEND)
    printed = {line.rstrip() for line in screen.file.getvalue().splitlines()}
    (picture,) = re.findall(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    shown = [line for line in picture.splitlines() if line]
    assert len(shown) > 20
    assert set(shown) <= printed


def test_the_reference_can_be_made_again_from_its_trials(trials) -> None:
    """summary.csv and comparisons.csv follow from trials.csv alone; another processor may round the last digit.

    An older scipy's quantiles of t are good to ten digits, of which an interval near zero loses some.
    Columns that came after the reference are empty, or count seeds.
    """
    made = {"summary.csv": summary_csv(summarise(trials)), "comparisons.csv": csv_text(compare_pairs(trials))}
    for name, text in made.items():
        found, wanted = pd.read_csv(io.StringIO(text)), pd.read_csv(REFERENCE / name)
        later = [name for name in found if name not in wanted and name != "undefined" and not name.endswith("_n")]
        assert found[later].isna().all(axis=None)
        pd.testing.assert_frame_equal(found[wanted.columns], wanted, rtol=1e-8, atol=1e-8)


def test_the_reference_is_of_the_default_config() -> None:
    """The manifest's config is configs/default.toml as it stands."""
    config = json.loads((REFERENCE / "manifest.json").read_text(encoding="utf-8"))["config"]
    settings = make_settings()
    assert config == json.loads(json.dumps(asdict(settings)))


def test_the_verdicts_are_those_of_the_committed_claims() -> None:
    """Every claim stands in the README under the verdict that results/claims gives it, and is counted there."""
    claims = pd.read_csv(ROOT / "results" / "claims" / "claims.csv")
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Two commands")[0]
    rows = dict(re.findall(r"^\| (.+ \(\d+\)) \| (.+) \|$", section, re.MULTILINE))
    expected = {
        f"{verdict} ({len(group)})": ", ".join(group.id)
        for verdict, group in claims.groupby("verdict", sort=False)
    }
    assert rows == expected


@pytest.mark.parametrize("name", ["aa.csv", "placebos.csv"])
def test_the_false_positive_rates_are_those_that_were_measured(name: str) -> None:
    """The README's A/A table has the rates of results/aa, rounded."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for row in pd.read_csv(ROOT / "results" / "aa" / name).to_dict("records"):
        shares = [
            f"{row[name]:.1%} [{row[f'{name}_low']:.1%}, {row[f'{name}_high']:.1%}]"
            for name in ("false_rate", "power")
        ]
        cells = [row["dataset"], row["arms"], row["comparisons"], *shares, f"{row['detectable']:.3g}"]
        assert f"| {' | '.join(map(str, cells))} |" in text
