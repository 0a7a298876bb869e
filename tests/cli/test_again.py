"""`lossbench compare`, given again: what has not changed is not computed, and whatever may have changed is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench import api
from lossbench.results import again
from lossbench.results.standing import MOMENT

from .conftest import BRIEF, Outcome

COMMAND = ("compare", "-d", "iris,moons,diabetes", *BRIEF, "-o", "run")


@pytest.fixture
def computed(
    inside: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Outcome, bool]]:
    """Give a command; return what it left behind, and whether it was computed."""

    def call(*arguments: str) -> tuple[Outcome, bool]:
        calls: list[bool] = []

        def counted(*given: object) -> object:
            calls.append(True)
            return answer(*given)

        answer = api.answer
        with monkeypatch.context() as here:
            here.setattr(api, "answer", counted)
            return inside(*arguments), bool(calls)

    return call


def files(folder: Path) -> dict[str, object]:
    """Return the files of a folder without the moment of the run."""
    found: dict[str, object] = {file.name: file.read_bytes() for file in folder.iterdir()}
    told = json.loads(str((folder / "manifest.json").read_text()))
    page = (folder / "report.html").read_text()
    assert page.count(told["date"]) == 2
    hashes = {name: total for name, total in told["sha256"].items() if name != "report.html"}
    lasting = [(name, part) for name, part in told.items() if name not in MOMENT]
    return found | {"manifest.json": lasting and hashes, "report.html": page.replace(told["date"], "")}


def without_seconds(text: str) -> str:
    """Return what a command printed without the seconds that it took."""
    return re.sub(r"(?m)^(time +)[0-9.]+ s", r"\1", text)


def test_a_command_given_again_says_and_leaves_the_same_without_computing(
    computed: Callable[..., tuple[Outcome, bool]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of a run is what is computed from stored trainings: words, progress and files, to the byte."""
    computed(*COMMAND)
    kept, kept_is_computed = computed(*COMMAND)
    left = files(tmp_path / "run")
    monkeypatch.setattr(again, "files_of", lambda *_: None)
    whole, whole_is_computed = computed(*COMMAND)
    assert (kept_is_computed, whole_is_computed) == (False, True)
    assert (kept.code, without_seconds(kept.out), kept.err) == (whole.code, without_seconds(whole.out), whole.err)
    assert left == files(tmp_path / "run")


def test_the_moment_is_that_of_the_last_command(inside: Callable[..., Outcome], tmp_path: Path) -> None:
    """Manifest and page have the date of the command given last, which trained nothing, and its files stand."""
    folder = tmp_path / "run"
    inside(*COMMAND)
    told = json.loads((folder / "manifest.json").read_text())
    aged = told | {"date": "2020-01-01 00:00:00+00:00"}
    page = (folder / "report.html").read_text().replace(told["date"], aged["date"])
    (folder / "report.html").write_text(page)
    aged["sha256"] = told["sha256"] | {"report.html": again.hash_of(page)}
    (folder / "manifest.json").write_text(json.dumps(aged))
    inside(*COMMAND)
    now = json.loads((folder / "manifest.json").read_text())
    assert now["date"] >= told["date"]
    assert (now["cached"], now["training_seconds"]) == (told["trials"], 0.0)
    assert again.standing(folder) is not None


CHANGES: dict[str, Callable[[Path, pytest.MonkeyPatch], object]] = {
    "a file": lambda folder, _: (folder / "summary.csv").write_text("mine"),
    "a file that is gone": lambda folder, _: (folder / "ranks.csv").unlink(),
    "the page": lambda folder, _: (folder / "report.html").write_text("mine"),
    "the manifest": lambda folder, _: (folder / "manifest.json").write_text("[]"),
    "the code": lambda _, here: here.setattr(again, "code_marks", list),
    "a version": lambda _, here: here.setattr(again, "circumstances", lambda *_: {"versions": {"numpy": "0"}}),
    "the processor": lambda _, here: here.setattr(again, "fingerprint", lambda *_: "0"),
    "the width of the terminal": lambda _, here: here.setenv("COLUMNS", "70"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_computed(
    change: Callable[[Path, pytest.MonkeyPatch], object],
    computed: Callable[..., tuple[Outcome, bool]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a file, the code, a version or the terminal is another, the run is computed, and files are whole."""
    computed(*COMMAND)
    change(tmp_path / "run", monkeypatch)
    outcome, anew = computed(*COMMAND)
    assert (outcome.code, anew) == (0, True)
    assert again.standing(tmp_path / "run") is not None


EACH_TIME = ("--no-cache", "--csv=mine.csv", "--format=json")
"""Options with which a command does more than to fill its folder from the store."""


@pytest.mark.parametrize("more", [*EACH_TIME, "--jobs=1", "--seeds=3", "-l=ce,mse,mae"])
def test_another_command_is_computed(more: str, computed: Callable[..., tuple[Outcome, bool]]) -> None:
    """A command with another option is computed: once, or each time that it is given."""
    computed(*COMMAND)
    assert computed(*COMMAND, *more.split("="))[1]
    assert computed(*COMMAND, *more.split("="))[1] == (more in EACH_TIME)


def test_a_gate_is_computed(computed: Callable[..., tuple[Outcome, bool]]) -> None:
    """A baseline may have changed, so a run that is compared with one is computed every time."""
    gated = (*COMMAND[:-1], "gated", "--baseline", "run/trials.csv")
    computed(*COMMAND)
    assert [computed(*gated)[1], computed(*gated)[1]] == [True, True]


def test_what_is_not_shipped_is_computed(
    computed: Callable[..., tuple[Outcome, bool]], tmp_path: Path, sales: object
) -> None:
    """A table or a loss of the user's may change without a trace, so such a run is computed every time."""
    (tmp_path / "mine.py").write_text("def mine(prediction, target):\n    return (prediction - target) ** 2\n")
    for own in (("-d", "sales.csv:target=price"), ("-d", "diabetes", "-l", "mse,mine.py:mine")):
        given = ("compare", *own, *BRIEF, "-o", "own")
        assert [computed(*given)[1], computed(*given)[1]] == [True, True]


def test_what_is_cleared_is_trained(computed: Callable[..., tuple[Outcome, bool]]) -> None:
    """A run whose trainings were removed from the store is trained again."""
    computed(*COMMAND)
    computed("cache", "clear", "--dataset", "iris")
    outcome, anew = computed(*COMMAND)
    assert anew
    assert "are taken from earlier runs" in " ".join(outcome.out.split())
    assert "all " not in outcome.out.split("time ")[-1]


def test_what_a_run_printed_is_no_evidence(inside: Callable[..., Outcome]) -> None:
    """The store counts evidence on claims, and not what runs printed."""
    inside(*COMMAND)
    assert "evidence" not in inside("cache", "info").out
