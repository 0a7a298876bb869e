from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

QUICK = ("--quick", "--jobs", "1")


def test_a_sentence_is_tried_and_judged(inside: Callable) -> None:
    """Its story is told, with the command that repeats it; progress is on standard error."""
    outcome = inside("claim", "ce beats bce in accuracy on moons", *QUICK)
    assert outcome.code == 0
    assert outcome.out.startswith("mine  ce beats bce in accuracy on moons\n")
    assert "repeat      lossbench claim 'ce beats bce in accuracy on moons' --quick" in outcome.out
    assert outcome.err.startswith("mine: tuned: 18 trainings on moons to choose the rates\n")
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_the_printed_lines_are_the_same_claim(inside: Callable, tmp_path: Path) -> None:
    """Put into a file they are tried as `lossbench claims`, and come to the same verdict and the same figures."""
    sentence = "ce always equals bce by 0.05 in accuracy on moons with 10% label outliers."
    said = inside("claim", sentence, *QUICK).out
    lines = said[said.index("[claims.mine]") :]
    (claim,) = tomllib.loads(lines)["claims"].values()
    assert claim | {"claim": ""} == {
        "claim": "",
        "arms": ["ce", "bce"],
        "direction": "equal",
        "form": "universal",
        "margin": 0.05,
        "score": ["accuracy"],
        "datasets": ["moons"],
        "outliers": [0.1],
        "outlier_kind": "label",
    }
    (tmp_path / "mine.toml").write_text(lines, encoding="utf-8")
    ways = ("claim", sentence), ("claims", "-c", "mine.toml")
    first, other = (next(csv.DictReader(io.StringIO(inside(*way, *QUICK, "--format", "csv").out))) for way in ways)
    assert {key: text for key, text in first.items() if key != "command"} == {
        key: text for key, text in other.items() if key != "command"
    }


def test_without_a_score_the_data_sets_own_is_taken(inside: Callable) -> None:
    """And is written into the lines for reuse."""
    assert 'score = ["balanced_accuracy"]' in inside("claim", "ce beats bce on imbalanced", *QUICK).out


@pytest.mark.parametrize("form", ["csv", "json", "markdown", "junit"])
def test_other_formats_have_nothing_beside_them(inside: Callable, form: str) -> None:
    """The lines of TOML are for a person."""
    out = inside("claim", "ce beats bce on moons", *QUICK, "--format", form).out
    assert "ce beats bce on moons" in out
    assert "[claims.mine]" not in out


def test_the_files_are_written(inside: Callable, tmp_path: Path) -> None:
    """As of any run of claims."""
    assert inside("claim", "ce beats bce on moons", *QUICK, "-o", "out", "--quiet").out == ""
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "claims.csv",
        "claims.html",
        "claims.md",
        "evidence.csv",
    ]


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("focal beets bce on moons", "'beets' after 'focal' is not understood; did you mean 'beats'? Write LOSS"),
        ("focl beats bce in f1 on moons", "unknown loss 'focl'; did you mean 'focal'"),
        ("focal beats bce in f1 on moon", "unknown data set 'moon'; did you mean 'moons'"),
        ("focal beats bce in r2 on moons", "'moons' is a binary data set, which has no r2"),
        ("mae beats mse on diabetes with 10% targt outliers", "unknown kind of contamination 'targt'"),
        ("mse beats bce on moons, diabetes", "are judged by accuracy and r2; name one: in accuracy"),
    ],
)
def test_a_mistake_is_refused(refusal: Callable, sentence: str, message: str) -> None:
    """In one line, with the nearest right word, before anything is trained."""
    assert message in refusal("claim", sentence, *QUICK)
