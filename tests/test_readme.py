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
from lossbench.results.remake import Remade, remake
from lossbench.results.write import csv_text, summary_csv

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"


@pytest.fixture(scope="module")
def reference() -> Remade:
    """Give the reference, from its trials and rows."""
    return remake(REFERENCE)


def test_the_picture_is_of_the_reference(reference: Remade) -> None:
    """Every line of the README's tables is printed from the reference trials, letter for letter."""
    screen = Console(file=io.StringIO(), width=WIDTH)
    print_tables(screen, tables(reference.summary))
    print_lines(screen, LEGEND)
    printed = {line.rstrip() for line in screen.file.getvalue().splitlines()}
    (picture,) = re.findall(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    shown = [line for line in picture.splitlines() if line]
    assert len(shown) > 20
    assert set(shown) <= printed


def test_the_reference_can_be_made_again_from_its_trials(reference: Remade) -> None:
    """summary.csv and comparisons.csv follow from trials and rows; another processor may round the last digit.

    An older scipy's quantiles of t are good to ten digits, of which an interval near zero loses some.
    Columns that came after the reference are empty, or count seeds.
    """
    made = {"summary.csv": summary_csv(reference.summary), "comparisons.csv": csv_text(reference.comparisons)}
    for name, text in made.items():
        found, wanted = pd.read_csv(io.StringIO(text)), pd.read_csv(REFERENCE / name)
        later = [name for name in found if name not in wanted and name != "undefined" and not name.endswith("_n")]
        assert found[later].isna().all(axis=None)
        pd.testing.assert_frame_equal(found[wanted.columns], wanted, rtol=1e-8, atol=1e-8)


def test_the_reference_is_of_the_default_config() -> None:
    """The manifest's config is configs/default.toml as it stands, but for keys that came after the reference."""
    config = json.loads((REFERENCE / "manifest.json").read_text(encoding="utf-8"))["config"]
    settings = json.loads(json.dumps(asdict(make_settings())))
    assert config == {name: value for name, value in settings.items() if name in config}
    assert set(settings) - set(config) <= {"score"}


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


def test_what_verdicts_are_worth_is_what_was_measured() -> None:
    """The README's table of fresh tables has the figures of results/aa, and so its line on equal losses."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Is it honest itself?")[2]
    shown = re.findall(r"^\| (\S+:rows\S+) \| (\S+) \| (.+) \|$", section, re.MULTILINE)
    files = (ROOT / "results" / "aa").glob("*.csv")
    held = pd.concat([pd.read_csv(file).assign(file=file.stem) for file in files])
    rows = {(row["law"], row["metric"], "equal" in row["file"]): row for row in held.to_dict("records")}
    assert len(shown) > 10
    for law, metric, cells in shown:
        row = rows[law, metric, False]
        width = f"{row['half_width'] / row['half_over_seeds']:.2f} | {row['half_width']:.3g}"
        assert cells == f"{row['pairs']} | {row['coverage']:.1%} | {row['worst_pair']:.1%} | {width}"
    for law, metric in (("moons:rows=178", "accuracy"), ("line:rows=200", "r2")):
        row = rows[law, metric, True]
        assert f"{row['false_rate']:.1%} [{row['false_rate_low']:.1%}, {row['false_rate_high']:.1%}]" in section
