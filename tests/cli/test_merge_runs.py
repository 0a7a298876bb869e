"""`lossbench merge` of finished runs: seeds, losses and data sets that were run apart are one run."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cli.conftest import Outcome
from lossbench.cli import run

SAME = ("trials.csv", "rows.npz", "summary.csv", "comparisons.csv", "ranks.csv", "profiles.csv", "report.md")

RUNS = {
    "whole": ("-d", "iris,line", "--seeds", "5"),
    "early": ("-d", "iris,line", "--seeds", "2"),
    "late": ("-d", "iris,line", "--seeds", "2:5"),
    "across": ("-d", "iris,line", "--seeds", "1:3"),
    "iris": ("-d", "iris", "--seeds", "5"),
    "law": ("-d", "line", "--seeds", "5"),
    "mse": ("-d", "iris,line", "-l", "mse", "--seeds", "5"),
    "few": ("-d", "iris,line", "-l", "mae", "--seeds", "4"),
    "mae": ("-d", "iris,line", "-l", "mae", "--seeds", "5"),
    "long": ("-d", "iris,line", "--seeds", "5:6", "--epochs", "3"),
    "tuned": ("-d", "iris,line", "--seeds", "5:6", "--lr", "0.01,0.1", "--tune"),
    "sum": ("-d", "iris,line", "-l", "sum:mse+mae", "--seeds", "5:6"),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with finished runs."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        here.setenv("LOSSBENCH_CACHE", str(folder / "cache"))
        for name, options in RUNS.items():
            usual = () if "-l" in options else ("-l", "mse,mae")
            epochs = () if "--epochs" in options else ("--epochs", "2")
            shown = ("--outliers", "0,0.2", "--quiet", "-o", name)
            assert run(["compare", *options, *usual, *epochs, *shown]) == 0
    return folder


@pytest.fixture
def runs(trained: Path, tmp_path: Path, inside: Callable[..., Outcome]) -> Path:
    """Give a copy of these runs that may be spoilt, as the current folder."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize(
    "parts",
    [("late", "early"), ("iris", "law"), ("mse", "mae"), ("early", "whole", "law"), ("whole", "mae")],
    ids="-".join,
)
def test_runs_merged_are_one_run(runs: Path, inside: Callable[..., Outcome], parts: tuple[str, ...]) -> None:
    """Seeds, losses and data sets may be apart, or there twice; curves agree but for rounding.

    Where a part's interval is from 0 to 1, its width is lost: then that of the whole is no narrower.
    """
    done = inside("merge", *parts, "-o", "merged", "--quiet")
    assert (done.code, done.err) == (0, "")
    for name in SAME:
        assert Path("merged", name).read_bytes() == Path("whole", name).read_bytes(), name
    curves, expected = (pd.read_csv(Path(name, "curves.csv")) for name in ("merged", "whole"))
    arm = ["dataset", "loss", "outlier_fraction", "epoch"]
    apart = pd.concat([pd.read_csv(Path(name, "curves.csv")) for name in parts])
    cut = apart[(apart.low == 0) & (apart.high == 1)].set_index(arm).index
    known = ~curves.set_index(arm).index.isin(cut)
    pd.testing.assert_frame_equal(curves[known], expected[known], rtol=1e-11, atol=1e-11)
    pd.testing.assert_frame_equal(curves.drop(columns=["low", "high"]), expected.drop(columns=["low", "high"]))
    assert (curves.low < expected.low + 1e-11).all()
    assert (curves.high > expected.high - 1e-11).all()


def test_a_loss_may_be_called_like_a_model(inside: Callable[..., Outcome]) -> None:
    """A title is the user's choice, and says nothing about models; runs of labelled losses are merged."""
    command = ("compare", "-d", "iris", "-l", "ce,mse:@label=model x,mse:@label=score", "--epochs", "1", "--quiet")
    for name, seeds in (("one", "2"), ("two", "2:4")):
        assert inside(*command, "--seeds", seeds, "-o", name).code == 0
    done = inside("merge", "one", "two", "-o", "merged", "--quiet")
    assert (done.code, done.err) == (0, "")


def test_the_manifest_lists_the_runs(runs: Path, inside: Callable[..., Outcome]) -> None:
    """It says of each run when, where and by which command it was trained; what is merged can be merged again."""
    inside("merge", "early", "late", "-o", "merged", "--quiet")
    found = json.loads(Path("merged/manifest.json").read_text())
    dates = [json.loads(Path(name, "manifest.json").read_text())["date"] for name in ("early", "late")]
    assert [part["date"] for part in found["merged"]["parts"]] == dates
    assert found["config"]["seeds"] == [0, 1, 2, 3, 4]
    assert inside("merge", "merged", "whole", "-o", "again", "--quiet").code == 0
    assert Path("again/trials.csv").read_bytes() == Path("whole/trials.csv").read_bytes()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("early", "."), "'early': finished runs; '.': none"),
        (("early", "nowhere"), "no folder 'nowhere'"),
        (("mse", "few"), "mae on iris lacks seeds 4; mae on line lacks seeds 4"),
        (("early", "long"), "'early' and 'long' are not of one run: setting epochs 2 and 3"),
        (("early", "tuned"), "'tuned' is tuned"),
        (("early", "sum"), "'sum' has a sum of losses"),
        (("early", "across"), "has some seeds that another run has too, and some of its own"),
    ],
    ids=["no-run", "no-folder", "seeds", "settings", "tuned", "sum", "some-seeds"],
)
def test_runs_that_are_not_one_are_refused(
    runs: Path, refusal: Callable[..., str], parts: tuple[str, ...], said: str
) -> None:
    """One line names the folders and what differs, or which loss lacks which seeds on which data set."""
    assert said in refusal("merge", *parts, "-o", "merged")


def test_two_results_of_one_training_are_refused(runs: Path, refusal: Callable[..., str]) -> None:
    """The training is named, the column, and both values; a file that was changed by hand is refused before."""
    path, manifest = Path("mae/trials.csv"), Path("mae/manifest.json")
    trials = pd.read_csv(path, dtype=str, keep_default_na=False)
    before = trials.loc[0, "train_loss"]
    trials.loc[0, "train_loss"] = "0.125"
    trials.to_csv(path, index=False, lineterminator="\n")
    assert "mae/trials.csv is not there as its run wrote it" in refusal("merge", "whole", "mae", "-o", "merged")
    content = json.loads(manifest.read_text())
    content["sha256"]["trials.csv"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(content))
    message = refusal("merge", "whole", "mae", "-o", "merged")
    assert f"two results of one training in 'whole' and 'mae': train_loss {before} and 0.125" in message
    assert "dataset iris" in message
    assert "seed 0" in message
