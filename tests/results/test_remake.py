"""A run is made again from its trials, to the byte, and what they do not hold is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stats.runs import clean, with_failed

import lossbench
from lossbench import Comparison
from lossbench.errors import DataError
from lossbench.remark import Topic
from lossbench.report.save import save_remade
from lossbench.report.words.remark import words
from lossbench.results.remake import REPORTS, Remade, remake
from lossbench.results.write import findings_csv, trials_csv
from lossbench.run.state import Gap


def said(remade: Remade) -> list[str]:
    """Return the remarks in words."""
    return list(map(words, remade.remarks()))


@pytest.fixture(scope="module")
def tuned() -> Comparison:
    """Give a comparison with rates that were tuned."""
    settings = {"models": "linear", "lr": [0.001, 0.1], "tune": True, "seeds": 2, "epochs": 3, "outliers": 0}
    return lossbench.compare("iris", ["ce", "mse"], **settings)


@pytest.mark.parametrize("name", ["comparison", "tuned"])
def test_a_run_is_made_again_to_the_byte(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Every file of the run, the manifest too, comes out as the run wrote it; in place as well."""
    request.getfixturevalue(name).save(tmp_path / "run", command="lossbench compare")
    written = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    for name in ("summary.csv", "comparisons.csv", "ranks.csv", "profiles.csv"):
        (tmp_path / "run" / name).unlink()
    for target in (tmp_path / "new", tmp_path / "run"):
        save_remade(remake(tmp_path / "run"), target)
        assert {path.name: path.read_bytes() for path in target.iterdir()} == written


def test_what_data_sets_have_of_their_own_is_said_again(tmp_path: Path) -> None:
    """In the run and in what is made of it again; the manifest of an older lossbench has none of it."""
    ran = lossbench.compare(["line", "friedman1"], ["mse", "mae"], seeds=2, epochs=2, outliers=0)
    line = "protocol line: optimizer adamw:weight_decay=2, for every loss (chosen on validation for mse)"
    ran.save(tmp_path)
    assert line in said(remake(tmp_path))
    assert line in (tmp_path / "report.md").read_text(encoding="utf-8")
    ranks = next(text for text in said(remake(tmp_path)) if text.startswith("ranks"))
    assert "mean over 2 data sets" in ranks
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["protocols"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert not any(text.startswith("protocol") for text in said(remake(tmp_path)))


def test_the_trials_alone_give_all_but_curves(comparison: Comparison, tmp_path: Path) -> None:
    """A file under any name is enough for summary and pairs; what is missing is said, and why.

    These are what the run itself says where it has no rows to judge by.
    """
    comparison.save(tmp_path / "run")
    by_seed = findings_csv(replace(comparison, contributed=None))
    shutil.copy(tmp_path / "run" / "trials.csv", tmp_path / "run" / "mine.csv")
    for path in ((tmp_path / "run" / "trials.csv").rename(tmp_path / "trials.csv"), tmp_path / "run" / "mine.csv"):
        remade = remake(path)
        save_remade(remade, tmp_path / "new")
        assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [
            "comparisons.csv",
            "profiles.csv",
            "ranks.csv",
            "report.html",
            "report.md",
            "summary.csv",
            "trials.csv",
        ]
        for name in ("comparisons.csv", "ranks.csv", "profiles.csv", "summary.csv"):
            assert (tmp_path / "new" / name).read_text() == by_seed[name]
        assert remade.summary.unit.dropna().eq("seed").all()
        assert "absent   curves.csv: not made from trials.csv, it holds no curves" in said(remade)


def test_remarks_say_what_a_run_says(comparison: Comparison, tmp_path: Path) -> None:
    """Skipped losses come from the manifest, divergence from the trials; a whole run misses nothing."""
    comparison.save(tmp_path)
    lines = said(remake(tmp_path))
    assert any(line.startswith("skipped  huber:delta=1.35 on iris: ") for line in lines)
    assert any(line.startswith("diverged diabetes, trainings: ") for line in lines)
    assert not any(line.startswith(("absent", "warning")) for line in lines)


def test_a_partial_run_is_not_passed_off_as_whole(comparison: Comparison, tmp_path: Path) -> None:
    """What a budget left out is said again from the manifest, and so is a loss that failed, from its rows."""
    replace(comparison, gaps=(Gap("iris", (3, 4), 12),)).save(tmp_path)
    left_out = "partial  iris: 12 trainings are not done, so seeds 3-4 are left out"
    assert any(line.startswith(left_out) for line in said(remake(tmp_path)))
    (tmp_path / "mine.csv").write_text(
        trials_csv(with_failed(clean({"bce": [0.5, 0.6], "mse": [0.5, 0.7]}), "mse"))
    )
    assert "failed   boom" in said(remake(tmp_path / "mine.csv"))


def test_a_tuned_run_without_its_search_says_so(tuned: Comparison, tmp_path: Path) -> None:
    """Without tuning.csv the fixed views are what they were, and the tuned one is said to be absent."""
    tuned.save(tmp_path)
    (tmp_path / "tuning.csv").unlink()
    remade = remake(tmp_path)
    assert set(remade.summary["view"]) == {"fixed"}
    assert Topic.NO_TUNING() in list(remade.remarks())
    assert any(line.startswith("absent   tuning.csv: not made from trials.csv, ") for line in said(remade))


@pytest.mark.parametrize("name", ["tuning.csv", "curves.csv"])
def test_a_file_beside_the_trials_that_is_another(tuned: Comparison, tmp_path: Path, name: str) -> None:
    """What stands beside the trials under a known name and is no such table is refused, with the line."""
    tuned.save(tmp_path)
    (tmp_path / name).write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=rf"{name} line 1: no column .*restore the file, or remove it"):
        remake(tmp_path)


def cut_short(run: Path) -> None:
    """Remove the last trials of a run, and its rows, which would be refused as of more trials."""
    path = run / "trials.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    (run / "rows.npz").unlink()


def test_trials_that_were_changed_are_warned_about(comparison: Comparison, tmp_path: Path) -> None:
    """However often the run is made again, elsewhere or in place: the manifest keeps the hash of the run."""
    comparison.save(tmp_path / "run")
    cut_short(tmp_path / "run")
    for source, target in (("run", "new"), ("new", "newer"), ("newer", "newer")):
        remade = remake(tmp_path / source)
        assert any(line.startswith("warning  ") and "cut short" in line for line in said(remade))
        assert Topic.NO_ROWS() in list(remade.remarks())
        save_remade(remade, tmp_path / target)
    told = [json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("run", "newer")]
    assert told[0]["sha256"]["summary.csv"] != told[1]["sha256"]["summary.csv"]
    assert told[0] | {"sha256": {}} == told[1] | {"sha256": {}}


def lose_rows(run: Path) -> None:
    """Remove what rows contributed."""
    (run / "rows.npz").unlink()


def lose_manifest(run: Path) -> None:
    """Remove what says how the files were."""
    (run / "manifest.json").unlink()


def other_findings(run: Path) -> None:
    """Have it recorded that another lossbench made other findings of the same trials."""
    told = json.loads((run / "manifest.json").read_text())
    told["sha256"]["summary.csv"] = "0" * 64
    (run / "manifest.json").write_text(json.dumps(told))


@pytest.mark.parametrize("spoil", [cut_short, lose_rows, lose_manifest, other_findings])
@pytest.mark.parametrize("place", ["new", "run"])
def test_reports_tell_of_the_tables_beside_them(
    comparison: Comparison, tmp_path: Path, spoil: Callable[[Path], None], place: str
) -> None:
    """Unless every file is as the run wrote it, its reports are made anew too, elsewhere and in place.

    They are those of a run without reports, which has none to keep.
    """
    comparison.save(tmp_path / "run")
    spoil(tmp_path / "run")
    held = {name: (tmp_path / "run" / name).rename(tmp_path / name) for name in REPORTS}
    save_remade(remake(tmp_path / "run"), tmp_path / "wanted")
    for name, path in held.items():
        path.rename(tmp_path / "run" / name)
    save_remade(remake(tmp_path / "run"), tmp_path / place)
    for name in REPORTS:
        assert (tmp_path / place / name).read_text() == (tmp_path / "wanted" / name).read_text()


def test_reports_are_kept_where_only_curves_are_gone(comparison: Comparison, tmp_path: Path) -> None:
    """They hold more than can be made again, and contradict nothing."""
    comparison.save(tmp_path / "run")
    (tmp_path / "run" / "curves.csv").unlink()
    save_remade(remake(tmp_path / "run"), tmp_path / "new")
    for name in REPORTS:
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "run" / name).read_bytes()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "tuning.csv cannot be read"),
        (b"a,b\n1,2\n", "tuning.csv line 1: no column dataset"),
        (b"a,b\n1,2,3,4\n5\n", "tuning.csv "),
        (b"\xff\xfe", "tuning.csv cannot be read"),
    ],
)
def test_a_search_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    """A tuning.csv that is none is refused, with what to do; it is not passed over."""
    (tmp_path / "trials.csv").write_text(trials_csv(clean({"bce": [0.5, 0.6], "mse": [0.5, 0.7]})))
    (tmp_path / "tuning.csv").write_bytes(content)
    with pytest.raises(DataError, match=told) as caught:
        remake(tmp_path)
    assert str(caught.value).endswith("or remove it")
