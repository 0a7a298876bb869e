"""What README and docs show is what the committed results say."""

from __future__ import annotations

import io
import json
import re
import runpy
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from lossbench.claims import read_catalogue
from lossbench.claims.finding.forms import STANDING
from lossbench.plan.settings import make_settings
from lossbench.report.answer.run import lead
from lossbench.report.tables import tables
from lossbench.report.terminal import USUAL, WIDTH, fitted, legend_lines, print_lines, print_tables
from lossbench.report.words.english import wrapped
from lossbench.report.words.legend import LEGEND
from lossbench.results.remake import Remade, remake
from lossbench.results.write import csv_text, summary_csv

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"


@pytest.fixture(scope="module")
def reference() -> Remade:
    """Give the reference, from its trials and rows."""
    return remake(REFERENCE)


@pytest.mark.parametrize("page", ["README.md", "docs/reading.md"])
def test_what_is_shown_is_of_the_reference(reference: Remade, page: str) -> None:
    """Every line of the answer, the tables and the legend is printed from the reference, letter for letter."""
    screen = Console(file=io.StringIO(), width=WIDTH)
    print_lines(screen, wrapped(lead(reference.answer), USUAL))
    print_lines(screen, legend_lines(LEGEND, USUAL))
    for width in (USUAL, WIDTH):
        print_tables(screen, (fitted(table, width) for table in tables(reference.summary)))
    printed = set(screen.file.getvalue().splitlines())
    (picture,) = re.findall(r"```text\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    shown = [line for line in picture.splitlines() if line]
    assert len(shown) > 20
    assert set(shown) <= printed


def test_the_answer_of_the_first_run_is_of_the_reference(reference: Remade) -> None:
    """What a newcomer is shown as an answer is one of the main job."""
    quoted = re.findall(r"^> (.*)$", (ROOT / "docs" / "first-run.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert quoted
    assert " ".join(quoted) in " ".join(lead(reference.answer))


def test_a_newcomer_can_read_all_of_it() -> None:
    """The README is short: what it is, two commands, what they say, and where there is more."""
    assert len((ROOT / "README.md").read_bytes()) < 9000


def test_the_badges_are_true() -> None:
    """They say what pyproject.toml holds the project to."""
    said = runpy.run_path(str(ROOT / "docs" / "pictures" / "badges.py"))
    assert (ROOT / "docs" / "pictures" / "badges.svg").read_text(encoding="utf-8") == said["badges"]()
    assert set(said["facts"]()) == {"python", "coverage", "licence"}


def test_every_page_that_is_named_is_there() -> None:
    """Links between pages lead somewhere."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


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
    """The manifest's config is configs/default.toml as it stands."""
    config = json.loads((REFERENCE / "manifest.json").read_text(encoding="utf-8"))["config"]
    assert config == json.loads(json.dumps(asdict(make_settings())))


def test_the_scores_of_the_documents_are_those_of_the_committed_claims() -> None:
    """How many claims stand, fall or are open, by document, is counted in results/claims; a copy counts once."""
    claims = pd.read_csv(ROOT / "results" / "claims" / "claims.csv", keep_default_na=False)
    copies = {claim.id for claim in read_catalogue().claims.values() if claim.same_as}
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([ABCF]|in all, each claim once) \| (.+) \|$", page, re.MULTILINE))
    groups = {name: mine.standing for name, mine in claims.groupby("document")}
    groups["in all, each claim once"] = claims[~claims.id.isin(copies)].standing
    expected = {
        name: " | ".join(map(str, [len(mine), *(int((mine == column).sum()) for column in STANDING)]))
        for name, mine in groups.items()
    }
    assert rows == expected
    words = re.findall(r"\d+", rows["in all, each claim once"])
    told = "Of the {} claims of [^:]*, {} are true, {} refuted, {} mixed and {} too weak to say"
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert re.search(told.format(*words), readme)


def test_the_verdicts_that_pages_name_are_those_of_the_committed_claims() -> None:
    """Where the README or a page says of a claim what became of it, that is its verdict in results/claims."""
    claims = pd.read_csv(ROOT / "results" / "claims" / "claims.csv").set_index("id").verdict
    for page in ("README.md", "docs/claims.md"):
        text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
        told = re.findall(r"\*([^*]+)\* \(([A-Z][\w-]+)\)", text)
        assert len(told) > 3
        assert {claim: verdict for verdict, claim in told} == {claim: claims[claim] for _, claim in told}


def test_what_verdicts_are_worth_is_what_was_measured() -> None:
    """The table of fresh tables has the figures of results/aa, and so has the line on equal losses."""
    section = (ROOT / "docs" / "honesty.md").read_text(encoding="utf-8")
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


def test_the_table_of_embeddings_is_of_the_committed_claims() -> None:
    """Levels of both losses, bold where the claim's corrected test tells them apart."""
    evidence = pd.read_csv(ROOT / "results" / "claims" / "evidence.csv").query("id == 'T5'")
    levels = evidence[evidence.role == "shown"].set_index(["dataset", "case", "what"]).measured
    said = evidence[evidence.role == "unit"].set_index(["dataset", "what"]).verdict
    better = {"reproduced": "ce", "contradicted": "triplet"}
    page = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| (\d+), (\d+) \| (.*) \|$", page, re.MULTILINE)
    assert len(shown) == 8
    for classes, rows, cells in shown:
        name, wanted = f"digit_pairs:classes={classes}:rows={rows}", []
        for score in ("top_1", "top_5"):
            for loss in ("ce", "triplet"):
                bold = "**" if better.get(said[name, score]) == loss else ""
                wanted.append(f"{bold}{levels[name, loss, f'level of {score}']:.3f}{bold}")
        assert cells == " | ".join(wanted)
