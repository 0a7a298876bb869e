"""A result can be saved, read back, held against another one, and put together with others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pandas.testing import assert_frame_equal

import lossbench
from lossbench.results.comparison import Comparison as Plain

SMALL = {"datasets": "iris", "losses": ["ce", "mse"], "epochs": 3, "outliers": 0, "models": "mlp:4"}


def small(**changes: Any) -> lossbench.Comparison:
    """Compare two losses on one data set in a moment."""
    return lossbench.compare(**{**SMALL, "seeds": 4, **changes})


@pytest.fixture(scope="module")
def result() -> lossbench.Comparison:
    """Give a comparison on a shared few seeds."""
    return small(outliers=[0, 0.2], tune=True, lr=[0.01, 0.1])


def test_what_was_saved_is_read_back(result: lossbench.Comparison, tmp_path: Path) -> None:
    """Tables, answer and files of a run that is read back are those of the run."""
    result.save(tmp_path / "run")
    back = lossbench.load(tmp_path / "run")
    for name in ("trials", "summary", "comparisons", "ranks", "profiles", "curves", "tuning", "views"):
        assert_frame_equal(getattr(back, name), getattr(result, name), check_dtype=False, check_like=True)
    assert str(back.answer) == str(result.answer)
    assert back._repr_html_().startswith(result._repr_html_()[:60])
    ours, theirs = ([line for line in one.to_latex().splitlines() if "%" not in line] for one in (back, result))
    assert ours == theirs
    back.save(str(tmp_path / "copy"))
    for path in (tmp_path / "run").iterdir():
        assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_shell_offers_what_is_documented(result: lossbench.Comparison) -> None:
    """Tables and methods, and not what they are made of."""
    offered = {name for name in dir(result) if not name.startswith("_")}
    assert {"answer", "curves", "gate", "notes", "plot", "save", "summary", "to_latex", "trials"} <= offered
    assert not offered & {"judged", "pools", "arms", "within", "raw_slopes", "note"}


def test_what_is_no_run_is_not_read(tmp_path: Path) -> None:
    """An empty folder is a usage error that names it."""
    with pytest.raises(lossbench.UsageError, match=r"trials\.csv"):
        lossbench.load(tmp_path)


def test_a_result_of_touched_tables_is_a_result(result: lossbench.Comparison) -> None:
    """Tables that were looked at before, and so are cached, do not stand in the way."""
    plain = Plain(**{name: value for name, value in vars(small()).items() if not name.startswith("_")})
    assert len(plain.summary) == 2
    assert repr(lossbench.Comparison.of(plain)) == repr(small())


def test_a_run_passes_against_itself_and_fails_against_a_better_one(tmp_path: Path) -> None:
    """The baseline may be a result, a folder, or a run that was read back; rules are those of the command."""
    good, bad = small(epochs=30, seeds=8), small(epochs=30, seeds=8, lr=1e-6)
    good.save(tmp_path)
    for baseline in (good, tmp_path, str(tmp_path / "trials.csv"), lossbench.load(tmp_path)):
        assert good.gate(baseline).passed
    assert not bad.gate(good).passed  # nothing of it is in the baseline
    fallen = lossbench.Comparison.of(good, trials=good.trials.assign(accuracy=good.trials.accuracy - 0.5))
    found = fallen.gate(tmp_path, ["accuracy:-0.02"])
    assert found.failed
    assert "fail: ce on iris, accuracy:-0.02: worse" in repr(found)
    with pytest.raises(lossbench.UsageError, match="unknown score 'acuracy'"):
        good.gate(good, "acuracy:-0.1")


def test_runs_are_merged(tmp_path: Path) -> None:
    """Seeds that were run apart are one run, which can be saved."""
    whole = small()
    for name, seeds in (("one", "0:2"), ("two", "2:4")):
        small(seeds=seeds).save(tmp_path / name)
    merged = lossbench.merge([tmp_path / "one", str(tmp_path / "two")])
    assert_frame_equal(merged.summary, whole.summary)
    merged.save(tmp_path / "whole")
    assert_frame_equal(lossbench.load(tmp_path / "whole").trials, whole.trials)


def test_a_choice_offers_what_a_comparison_does(tmp_path: Path) -> None:
    """Its answer, its page, its files, and the chosen loss as the criterion that its text has to paste."""
    choice = lossbench.choose("iris", ["ce", "mse"], seeds=2)
    assert choice.answer in repr(choice).replace("\n  ", " ")
    assert choice._repr_html_()[:1000] == choice.comparison._repr_html_()[:1000]
    assert choice.loss.title == choice.decision.chosen
    assert f'get_loss("{choice.loss.spec}", task="{choice.loss.task}")' in repr(choice)
    assert f"step size {choice.lr:g}" in repr(choice)
    choice.save(tmp_path)
    assert str(choice.answer).splitlines()[0] in " ".join(repr(lossbench.load(tmp_path)).split())
