from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.claims import read_catalogue
from lossbench.claims.registry import EXPERIMENTS, EXPLANATIONS
from lossbench.claims.search.found import Conditions, Likeness, Share
from lossbench.store import open_store

EXACT = ("A1", "B4", "C7c")
TITLE = ("accuracy", "on", "moons")


def test_several_claims_are_a_table_by_document(inside: Callable) -> None:
    """The scores first, then each in a line with its verdict, within the terminal."""
    outcome = inside("claims", *EXACT)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "Of 3 claims: 1 true and 2 mixed."
    for name in EXACT:
        assert sum(line.split()[:1] == [name] for line in lines) == 1
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("columns", [60, 80, 150])
@pytest.mark.parametrize("ids", [EXACT, ("B4",)])
def test_the_report_is_as_wide_as_the_terminal(
    inside: Callable, monkeypatch: pytest.MonkeyPatch, ids: tuple[str, ...], columns: int
) -> None:
    """No line is longer, none ends in blanks, and none is broken."""
    monkeypatch.setattr("lossbench.report.terminal.terminal_width", lambda: columns)
    lines = inside("claims", *ids).out.splitlines()
    assert max(map(len, lines)) <= columns
    assert all(line == line.rstrip() for line in lines)


def test_one_claim_is_shown_in_full(inside: Callable) -> None:
    """Its sentence, verdict, answer and units, and the command that repeats it."""
    outcome = inside("claims", "B5")
    assert outcome.code == 0
    for words in (
        "B5 The MAPE",
        "verdict true but for rounding",
        "23.80, but 23.799999999999997 in double precision, cut off to 23.79 instead of rounded",
        "3 units",
        "repeat lossbench claims B5",
        "3 comparisons: -o DIR writes evidence.csv",
    ):
        assert words in " ".join(outcome.out.split())


def test_the_files_are_written(inside: Callable, tmp_path: Path) -> None:
    """A row a claim, a row a comparison, Markdown, and a page."""
    assert inside("claims", *EXACT, "-o", "out", "--quiet").out == ""
    texts = {file.name: file.read_text(encoding="utf-8") for file in (tmp_path / "out").iterdir()}
    assert sorted(texts) == ["claims.csv", "claims.html", "claims.md", "evidence.csv"]
    rows, evidence = (list(csv.DictReader(io.StringIO(texts[name]))) for name in ("claims.csv", "evidence.csv"))
    assert [row["id"] for row in rows] == list(EXACT)
    assert len(evidence) == sum(int(row["comparisons"]) for row in rows)
    assert "| B4 |" in texts["claims.md"]
    assert texts["claims.html"].count("<article") == len(EXACT)
    assert all(row["claim"] in texts["claims.md"] for row in rows)


@pytest.mark.parametrize("form", ["csv", "json", "markdown", "junit"])
def test_every_format_has_every_claim(inside: Callable, form: str) -> None:
    """And nothing else on standard output."""
    out = inside("claims", *EXACT, "--format", form).out
    if form == "csv":
        assert [row["id"] for row in csv.DictReader(io.StringIO(out))] == list(EXACT)
    elif form == "json":
        assert [row["id"] for row in json.loads(out)] == list(EXACT)
    else:
        assert all(name in out for name in EXACT)


def test_a_run_as_expected_passes(inside: Callable) -> None:
    """Held to its own file, also by some of its claims; a new claim is no change."""
    inside("claims", *EXACT, "-o", "out")
    assert inside("claims", *EXACT, "--expect", "out/claims.csv").code == 0
    assert inside("claims", "B4", "--expect", "out/claims.csv").code == 0
    assert inside("claims", *EXACT, "A6", "--expect", "out/claims.csv").code == 0


def test_a_changed_verdict_is_reported_and_then_fails(inside: Callable, tmp_path: Path) -> None:
    """The report and the files come first; then each change by name, and exit code 3."""
    (tmp_path / "claims.csv").write_text("id,verdict\nB4,true\nA1,reproduced\n", encoding="utf-8")
    outcome = inside("claims", *EXACT, "--expect", "claims.csv", "-o", "out")
    assert outcome.code == 3
    assert "Of 3 claims" in outcome.out
    assert outcome.err == "changed B4: true is now partly\n"
    assert (tmp_path / "out" / "claims.csv").exists()


def test_a_claim_that_fails_is_told_and_costs_no_other(
    inside: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are printed and written; then the run counts as unfinished."""

    def fail(claim: object, study: object, *, loss: str, law: str) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setitem(EXPERIMENTS, "growth", fail)
    outcome = inside("claims", "A1", "B4", "-o", "out", "--no-cache")
    assert outcome.code == 4
    assert "failed B4: ZeroDivisionError: by nought; alone: lossbench claims B4" in outcome.err
    assert "A1" in (tmp_path / "out" / "claims.csv").read_text()


def test_a_claim_of_ones_own_is_tried(inside: Callable, tmp_path: Path) -> None:
    """A sentence, two arms, a score and a direction."""
    (tmp_path / "mine.toml").write_text(
        "[claims.placebo]\nclaim = 'Softmax beats sigmoid.'\narms = ['ce', 'bce']\nscore = 'accuracy'\n"
        "direction = 'better'\ndatasets = 'moons'\n",
        encoding="utf-8",
    )
    outcome = inside("claims", "-c", "mine.toml", "--quick", "--jobs", "1")
    assert outcome.code == 0
    assert "repeat      lossbench claims placebo -c mine.toml --quick" in outcome.out
    assert "placebo: tuned: 10 trainings on moons\n" in outcome.err


def test_progress_names_the_claim_and_its_number(inside: Callable, tmp_path: Path) -> None:
    """Of all that are tried, so that one sees how far it is."""
    one = "claim = 'a'\narms = ['ce', 'bce']\nscore = 'f1'\ndirection = 'equal'\ndatasets = 'moons'\n"
    (tmp_path / "mine.toml").write_text(f"[claims.a]\n{one}[claims.b]\n{one}", encoding="utf-8")
    lines = inside("claims", "-c", "mine.toml", "--quick", "--jobs", "1").err.splitlines()
    assert lines[0].startswith("a, 1 of 2: tuned: ")
    assert all(line.startswith(("a, 1 of 2: ", "b, 2 of 2: ")) for line in lines)


def test_the_seeds_are_those_from_the_first_one_on(inside: Callable, tmp_path: Path) -> None:
    """They are what is trained, and the command that repeats the judgement says so."""
    (tmp_path / "mine.toml").write_text(
        "[claims.a]\nclaim = 'a'\narms = ['ce', 'bce']\nscore = 'f1'\ndirection = 'equal'\ndatasets = 'moons'\n",
        encoding="utf-8",
    )
    outcome = inside("claims", "-c", "mine.toml", "--quick", "--jobs", "1", "--first-seed", "40")
    assert "repeat      lossbench claims a -c mine.toml --quick --first-seed 40\n" in outcome.out
    with open_store() as store:
        seeds = {row["seed"] for row in store.rows()}
    assert set(range(40, 45)) < seeds


def test_a_claim_on_rates_is_drawn(inside: Callable, tmp_path: Path) -> None:
    """Shown in full, with a panel for each protocol that fixes the rate."""
    (tmp_path / "mine.toml").write_text(
        "[claims.a]\nclaim = 'a'\nexperiment = 'rates'\nlosses = 'ce'\ndatasets = 'moons'\nlr = [0.01, 0.1]\n",
        encoding="utf-8",
    )
    lines = inside("claims", "-c", "mine.toml", "--quick", "--jobs", "1").out.splitlines()
    (top,) = (place for place, line in enumerate(lines) if line.split() == ["sgd", *TITLE, "adam", *TITLE])
    assert "┤" in lines[top + 1]
    assert max(map(len, lines)) <= 80


def test_evidence_is_remembered_unless_the_user_wants_nothing_kept(inside: Callable) -> None:
    """The second run says the same; with --no-cache it is neither kept nor looked up."""
    alone = inside("claims", *EXACT, "--format", "json", "--no-cache")
    with open_store() as store:
        assert store.claims() == 0
    first, again = (inside("claims", *EXACT, "--format", "json") for _ in range(2))
    assert alone == first == again
    with open_store() as store:
        assert store.claims() == 3  # one of the four cannot be tried yet
        store._connection.execute("UPDATE evidence SET lines = ''")
    assert inside("claims", *EXACT, "--format", "json").code == 2
    assert inside("claims", *EXACT, "--format", "json", "--no-cache") == alone


def test_a_claim_missing_from_a_whole_run_fails(inside: Callable, tmp_path: Path) -> None:
    """Without IDs every expected claim has to be there."""
    (tmp_path / "mine.toml").write_text("[claims.a]\nclaim = 'a'\nnot_yet = 'later'\n", encoding="utf-8")
    (tmp_path / "claims.csv").write_text("id,verdict\na,not yet\nb,holds\n", encoding="utf-8")
    outcome = inside("claims", "-c", "mine.toml", "--expect", "claims.csv")
    assert (outcome.code, outcome.err) == (3, "changed b: holds is now missing\n")


def test_the_search_behind_a_claim_is_printed(inside: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """--explain prints what the experiment's search yields, given what the claim says."""

    def search(claim, study, **arguments):
        none, data = Share(0, 1), f"{claim.id} under {sorted(arguments)}"
        alike = Likeness(none)
        return Conditions(
            1, data, 2, ("bce", "mse"), "better", ("f1",), alike, none, none, none, None, {}, (), 0.1, ()
        )

    monkeypatch.setitem(EXPLANATIONS, "growth", search)
    assert (
        "1 trainings on B4 under ['law', 'loss'], 2 seeds a setting\n" in inside("claims", "B4", "--explain").out
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--first-seed", "-1"), "-1 is not in the range 0<=x"),
        (("T33",), "unknown claim 'T33'; did you mean 'T3'"),
        (("-c", "none.toml"), "no config at 'none.toml'"),
        (("--expect", "none.csv"), "none.csv cannot be read"),
        (("--explain",), "--explain is for one claim"),
        (("A1", "--explain"), "there is no search for the settings under which A1 holds"),
        (("A1", "--jobs", "0"), "0 is not in the range"),
    ],
)
def test_a_mistake_is_refused(refusal: Callable, arguments: tuple[str, ...], message: str) -> None:
    """In one line, before anything is tried."""
    assert message in refusal("claims", *arguments)


def test_the_claims_of_the_documents_are_shipped() -> None:
    """The catalogue is found from the installed package."""
    assert len(read_catalogue().claims) == 60
