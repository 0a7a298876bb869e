"""`lossbench compare --shard I/N` and `lossbench merge`: parts of a run that together are the run."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Outcome, shell
from lossbench.cli import run

TABLES = ("trials.csv", "rows.npz", "curves.csv", "summary.csv", "comparisons.csv", "ranks.csv", "profiles.csv")
SAID = (*TABLES, "tuning.csv", "views.csv", "report.md")

LOSSES = '''
def fragile(raw, target):
    """Squared error that fails on batches as they are in training."""
    if raw.shape[-2] > 20:
        raise ValueError("too many rows")
    return (raw - target).square().mean(-1)
'''
CONFIG = """
datasets = ["iris", "diabetes"]
seeds = 4
epochs = 2
outliers = [0.0, 0.2]
lr = [0.01, 0.1]
tune = true
score = ["f1", "mae"]

[losses]
multiclass = ["ce", "mse"]
regression = ["mse", "my_losses.py:fragile", "mae"]

[margins]
f1 = 0.0123456789

[gate]
new = "warn"
rules = ["f1:-1.23456789%", { rule = "mae:+2", dataset = "diabetes" }]
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a whole run, and the same in three parts: tuned, with a loss that fails on one table."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "my_losses.py").write_text(LOSSES)
    (folder / "mine.toml").write_text(CONFIG)
    cache = folder / "cache"
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        here.setenv("LOSSBENCH_CACHE", str(cache))
        assert run(["compare", "-c", "mine.toml", "-o", "whole", "--no-cache"]) == 4
        for number in (1, 2):
            assert run(["compare", "-c", "mine.toml", "--shard", f"{number}/3", "-o", f"part{number}"]) in (0, 4)
    done = shell("lossbench compare -c mine.toml --shard 3/3 -o part3 --jobs 1", folder, cache)
    assert done.code in (0, 4), done.err
    assert not cache.exists()
    return folder


@pytest.fixture
def parts(runs: Path, tmp_path: Path, inside: Callable[..., Outcome]) -> Path:
    """Give a copy of these runs that may be spoilt, as the current folder."""
    shutil.copytree(runs, tmp_path, dirs_exist_ok=True)
    return tmp_path


def change(part: Path, **changes: Any) -> None:
    """Change the manifest of a part."""
    path = part / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_shards_merged_are_one_run(parts: Path, tmp_path: Path, inside: Callable[..., Outcome]) -> None:
    """In any order every file is what one run wrote, to the byte; also where rates are tuned and a loss failed."""
    done = inside("merge", "part3", "part1", "part2", "-o", "merged")
    assert done.code == 4, done.err  # as the whole: trainings failed
    assert "failed " in done.out
    for name in SAID:
        assert (tmp_path / "merged" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_the_manifest_lists_the_parts(parts: Path, inside: Callable[..., Outcome]) -> None:
    """It says of each shard when, where and by which command it was trained, and adds their seconds."""
    inside("merge", "part1", "part2", "part3", "-o", "merged", "--quiet")
    found = json.loads(Path("merged/manifest.json").read_text())
    told = found["merged"]
    assert (told["count"], told["missing"]) == (3, [])
    assert [part["shard"]["number"] for part in told["parts"]] == [1, 2, 3]
    assert all(part["versions"] and part["machine"] for part in told["parts"])
    assert "--shard 3/3" in told["parts"][2]["command"]  # the one that had a process of its own
    assert found["wall_seconds"] == pytest.approx(sum(part["wall_seconds"] for part in told["parts"]), abs=0.01)
    assert found["command"].startswith("lossbench")


def test_a_shard_that_was_killed_is_a_missing_one(parts: Path, inside: Callable[..., Outcome]) -> None:
    """It has a store and no manifest: to name its folder is as to leave it out."""
    Path("part3", "manifest.json").unlink()
    done = inside("merge", "part3", "part1", "part2", "-o", "named")
    assert done.code == 4
    assert "missing  shards 3 of 3" in done.out
    inside("merge", "part1", "part2", "-o", "left-out")
    assert Path("named/report.md").read_bytes() == Path("left-out/report.md").read_bytes()


def test_missing_shards_are_named(parts: Path, inside: Callable[..., Outcome]) -> None:
    """Seeds without all their trainings are left out, the shards that lack are named, and the exit code is 4."""
    done = inside("merge", "part1", "part2", "-o", "merged")
    assert done.code == 4
    assert "missing  shards 3 of 3" in done.out
    assert "missing  shards 3 of 3" in Path("merged/report.md").read_text()
    whole, rest = (Path(name, "trials.csv").read_text().splitlines() for name in ("whole", "merged"))
    assert 1 < len(rest) < len(whole)
    assert set(rest) < set(whole)


def test_without_the_shard_that_tunes_there_is_no_run(parts: Path, refusal: Callable[..., str]) -> None:
    """Where no seed is whole, the shards that lack are named, and nothing is written."""
    shutil.rmtree("part1")
    assert "no seed is complete without shards 1, 2 of 3" in refusal("merge", "part3", "-o", "merged")


def test_a_shard_given_twice_counts_once(parts: Path, inside: Callable[..., Outcome]) -> None:
    """Duplicates that agree are one."""
    shutil.copytree("part2", "again")
    assert inside("merge", "part1", "part2", "part3", "again", "-o", "merged", "--quiet").code == 4
    assert Path("merged/trials.csv").read_bytes() == Path("whole/trials.csv").read_bytes()


def test_two_results_of_one_training_are_refused(parts: Path, inside: Callable[..., Outcome]) -> None:
    """Both folders are named, the training, and the cells that differ with the value of each."""
    shutil.copytree("part2", "again")
    change(Path("again"), failed=[{"trial": 0, "reason": "another"}])
    done = inside("merge", "part1", "part2", "part3", "again", "-o", "merged")
    assert done.code == 2
    assert "two results of one training in 'part2' and 'again': status ok and failed; failure None" in done.err
    assert all(f"{name} " in done.err for name in ("dataset", "loss", "lr", "seed"))
    assert not Path("merged").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shard": {"number": 2, "count": 4}}, "shard count 3 and 4"),
        ({"engine": "loop"}, "engine native and loop"),
        ({"fingerprint": "0" * 12, "versions": {"python": "3.11.1", "torch": "0.1"}}, "version of "),
        ({"fingerprint": "0" * 12}, "fingerprint "),
        ({"hashes": {"iris": {"rows": "0" * 12}}}, "hash on iris of the rows"),
    ],
)
def test_parts_of_two_runs_are_refused(
    parts: Path, refusal: Callable[..., str], changes: dict[str, Any], said: str
) -> None:
    """What differs is named, with both values and both folders."""
    if "engine" in changes and json.loads(Path("part1/manifest.json").read_text())["engine"] != "native":
        pytest.skip("no compiled step here")
    change(Path("part2"), **changes)
    message = refusal("merge", "part1", "part2", "part3", "-o", "merged")
    assert "'part1' and 'part2' are not of one run" in message
    assert said in message


def test_shards_of_different_experiments_are_refused(parts: Path, refusal: Callable[..., str]) -> None:
    """The setting that differs is named, with both values."""
    config = json.loads(Path("part2/manifest.json").read_text())["config"]
    change(Path("part2"), config=config | {"epochs": 3})
    assert "setting epochs 2 and 3" in refusal("merge", "part1", "part2", "-o", "merged")


def test_a_loss_that_changed_since_is_refused(parts: Path, refusal: Callable[..., str]) -> None:
    """The whole would not be what was trained."""
    Path("my_losses.py").write_text(LOSSES.replace("mean", "sum"))
    assert "the code of loss 'my_losses.py:fragile'" in refusal("merge", "part1", "part2", "part3", "-o", "merged")


def test_a_table_that_changed_between_shards_is_refused(inside: Callable[..., Outcome]) -> None:
    """Whatever a loss is called: a title is the user's choice, and no other hash may take its place."""
    table = Path("mine.csv")
    table.write_text("x,y\n" + "".join(f"{one},{one % 2}\n" for one in range(40)))
    losses = ("-l", "bce,mse:@label=rows,mae:@label=score")
    command = ("compare", "-d", "mine.csv:target=y", *losses, "--seeds", "2", "--epochs", "1", "--quiet")
    assert inside(*command, "--shard", "1/2", "-o", "one").code == 0
    table.write_text(table.read_text().replace("39,1", "39,0"))
    assert inside(*command, "--shard", "2/2", "-o", "two").code == 0
    done = inside("merge", "one", "two", "-o", "merged")
    assert done.code == 2
    assert "'one' and 'two' are not of one run: hash on mine.csv:target=y of the rows" in done.err


def test_shards_of_an_older_lossbench_are_read(parts: Path, inside: Callable[..., Outcome]) -> None:
    """It wrote all hashes of a data set side by side, the losses under their titles."""
    for part in map(Path, ("part1", "part2", "part3")):
        hashes = json.loads((part / "manifest.json").read_text())["hashes"]
        change(part, hashes={name: {"rows": one["rows"], **one["losses"]} for name, one in hashes.items()})
    assert inside("merge", "part1", "part2", "part3", "-o", "merged", "--quiet").code == 4
    assert Path("merged/trials.csv").read_bytes() == Path("whole/trials.csv").read_bytes()


def test_what_is_no_part_is_refused(parts: Path, refusal: Callable[..., str]) -> None:
    """A whole run, a folder of something else, and a shard that was not finished."""
    assert "'whole': finished runs; 'part1': none" in refusal("merge", "whole", "part1", "-o", "merged")
    assert "no folder 'nowhere'" in refusal("merge", "nowhere", "-o", "merged")
    assert "'part1' is one of those to be merged" in refusal("merge", "part1", "part2", "part3", "-o", "part1")
    Path("part1/manifest.json").unlink()
    assert "its shard was not finished" in refusal("merge", "part1", "-o", "merged")
    change(Path("part2"), hashes={"iris": "0" * 12})
    assert "hashes.iris is not an object" in refusal("merge", "part2", "-o", "merged")
    change(Path("part2"), trials="many")
    assert "trials is not a whole number" in refusal("merge", "part2", "-o", "merged")


def test_a_part_does_not_pass_for_the_whole(parts: Path, refusal: Callable[..., str]) -> None:
    """Its folder has a store and a manifest that names it, no table and no report; `report` says what it is."""
    assert sorted(os.listdir("part2")) == ["manifest.json", "trials.sqlite"]
    assert json.loads(Path("part2/manifest.json").read_text())["shard"] == {"number": 2, "count": 3}
    assert "'part2' is shard 2 of 3 of a run" in refusal("report", "part2")
    assert "'part2' is shard 2 of 3 of a run" in refusal("diff", "part2", "whole")


def test_a_shard_goes_on_from_where_it_was(parts: Path, inside: Callable[..., Outcome]) -> None:
    """A job that is started again trains only what is missing, without any store but its own folder."""
    Path("part3/manifest.json").unlink()
    with sqlite3.connect("part3/trials.sqlite") as store:
        store.execute("DELETE FROM trials WHERE dataset = 'iris'")
        (kept,) = store.execute("SELECT count(*) FROM trials").fetchone()
    store.close()
    said = inside("compare", "-c", "mine.toml", "--shard", "3/3", "-o", "part3", "--dry-run").out
    assert said.startswith("shard 3 of 3, ")
    assert f"{kept} trainings are done already" in said
    assert inside("compare", "-c", "mine.toml", "--shard", "3/3", "-o", "part3", "--jobs", "1").code == 4
    inside("merge", "part1", "part2", "part3", "-o", "merged", "--quiet")
    assert Path("merged/trials.csv").read_bytes() == Path("whole/trials.csv").read_bytes()


def test_a_folder_that_holds_something_else_is_refused(parts: Path, refusal: Callable[..., str]) -> None:
    """Another shard, the whole, or a shard of another experiment is not overwritten."""
    shard = ("compare", "-c", "mine.toml", "--shard", "2/3", "-o")
    assert "'part1' holds shard 1 of 3" in refusal(*shard, "part1")
    assert "'whole' holds a whole run" in refusal(*shard, "whole")
    assert "'part2' holds shard 2 of 3" in refusal(*shard, "part2", "--epochs", "3")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--shard", "11/10", "-o", "x"), "there is no shard 11; they are numbered from 1 to 10"),
        (("--shard", "0/3", "-o", "x"), "there is no shard 0; they are numbered from 1 to 3"),
        (("--shard", "1/0", "-o", "x"), "0 is no number of shards"),
        (("--shard", "third", "-o", "x"), "write 3/10"),
        (("--shard", "1/2"), "give --output"),
        (("--shard", "1/2", "-o", "x", "--csv", "-"), "--csv is for a whole run"),
        (("--shard", "1/2", "-o", "x", "--format", "json"), "--format json needs a whole run"),
        (("--shard", "1/2", "-o", "x", "--baseline", "b.csv"), "--baseline is for a whole run"),
    ],
)
def test_shards_that_cannot_be(refusal: Callable[..., str], options: tuple[str, ...], said: str) -> None:
    """One line says what is wrong and what to write, before anything is trained."""
    assert said in refusal("compare", "--quick", *options)


def test_more_shards_than_packs(inside: Callable[..., Outcome]) -> None:
    """Some shards then have nothing to train; they are parts like others, and the whole is the same."""
    small = ("compare", "-d", "iris", "-l", "ce,mse", "--seeds", "2", "--epochs", "2", "--outliers", "0")
    numbers = range(1, 6)
    codes = [inside(*small, "--shard", f"{one}/5", "-o", f"part{one}", "--quiet").code for one in numbers]
    assert codes == [0] * 5
    assert inside("merge", *(f"part{one}" for one in numbers), "-o", "merged", "--quiet").code == 0
    inside(*small, "-o", "whole", "--quiet", "--no-cache")
    assert Path("merged/trials.csv").read_bytes() == Path("whole/trials.csv").read_bytes()
