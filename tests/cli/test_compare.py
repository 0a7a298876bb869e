from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from training.cases import COMPILED

from lossbench.schema import METRICS

from .conftest import BRIEF, shell

FIRST_COLUMNS = [
    *("dataset", "task", "model", "loss", "optimizer", "lr", "l1", "l2", "batch_size", "epochs"),
    *("outlier_kind", "outlier_fraction", "seed", "status"),
]
CONVERGENCE = ["epochs_to_target", "epochs_to_plateau", "converged"]
FILES = [
    *("comparisons.csv", "curves.csv", "manifest.json", "profiles.csv", "ranks.csv"),
    *("report.html", "report.md", "rows.npz", "summary.csv", "trials.csv"),
]


def read(text: str) -> pd.DataFrame:
    """Read a CSV as pandas would, to the last digit in its every version."""
    return pd.read_csv(StringIO(text), engine="pyarrow")


def test_the_trials_on_standard_output(inside: Callable, tmp_path: Path) -> None:
    """Standard output is the trials and nothing else: design 9's columns, a row a training, censored as >20."""
    options = ("--seeds", "1", "--epochs", "20", "--csv", "-")
    outcome = inside("compare", "-d", "breast_cancer,digits,diabetes", *options)
    trials = read(outcome.out)
    assert outcome.code == 0
    assert list(trials.columns[: len(FIRST_COLUMNS)]) == FIRST_COLUMNS
    rest = list(trials.columns[len(FIRST_COLUMNS) :])
    always = [name for name, metric in METRICS.items() if not metric.on_request]
    assert rest[: len(always)] == always
    assert [name for name in rest if name in CONVERGENCE] == CONVERGENCE
    assert len(trials) == 4 * (9 + 8 + 6)
    assert trials.dataset.unique().tolist() == ["breast_cancer", "digits", "diabetes"]
    missed = trials.converged == False  # noqa: E712 - undefined is neither
    assert missed.any()
    assert set(trials.epochs_to_target[missed]) == {">20"}
    assert pd.to_numeric(trials.epochs_to_target[trials.converged == True]).between(1, 20).all()  # noqa: E712
    assert "diabetes: 24 trainings done\n" in outcome.err
    assert not list(tmp_path.iterdir())


SET_FOR_OTHERS = (
    *("JOBLIB_START_METHOD=junk", "LOKY_PICKLER=junk", "LOKY_MAX_CPU_COUNT=junk", "PYTHONINSPECT=1"),
    *("OMP_NUM_THREADS=junk", "OMP_DISPLAY_ENV=TRUE", "GOMP_CPU_AFFINITY=junk", "MKL_NUM_THREADS=junk"),
    *("PYTHONWARNINGS=error", "PYTHONHASHSEED=7", "TZ=junk", "LC_ALL=junk", "COLUMNS=-1", "TERM=dumb"),
)
"""Variables by which, with two processes, the libraries would fail, speak, or wait for ever."""


def test_two_runs_write_the_same_bytes(inside: Callable, tmp_path: Path, cache: Path) -> None:
    """Trials and curves depend on the command alone: not on the processes, nor on what ran before.

    Nor on what is set for other programs: not a number and not a line of output.
    """
    command = ["compare", "-d", "iris,diabetes", "-m", "linear,mlp:8", "--seeds", "1", "--epochs", "3"]
    command += ["--outliers", "0,0.2", "--quiet"]
    apart = " ".join([*command, "-o", "apart", "--jobs", "2"])
    runs = [
        shell(f"{' '.join(SET_FOR_OTHERS)} lossbench {apart} </dev/null", tmp_path, cache),
        inside(*command, "-o", "inside", "--jobs", "1"),
        inside(*command, "-o", "again"),
    ]
    assert [(run.code, run.out, run.err) for run in runs] == [(0, "", "")] * 3
    names = ("apart", "inside", "again")
    trials, curves = (
        {(tmp_path / name / file).read_bytes() for name in names} for file in ("trials.csv", "curves.csv")
    )
    assert (len(trials), len(curves)) == (1, 1)
    assert trials.pop().count(b"\n") == 1 + 2 * 2 * (8 + 6)
    assert sorted(path.name for path in (tmp_path / "apart").iterdir()) == FILES
    manifest = json.loads((tmp_path / "apart" / "manifest.json").read_text())
    assert manifest["command"] == f"lossbench {apart}"
    assert (manifest["config"]["epochs"], manifest["trials"]) == (3, 2 * 2 * (8 + 6))


@pytest.mark.parametrize("engine", ["fused", pytest.param("native", marks=COMPILED)])
def test_every_engine_gives_the_same_table(inside: Callable, engine: str) -> None:
    """The oracle and a fast engine run the same trials and agree on all but their fingerprints."""
    command = ("compare", "-d", "iris", "-l", "ce,mse", *BRIEF, "--quiet", "--csv", "-")
    fast, loop = (read(inside(*command, "--engine", one).out) for one in (engine, "loop"))
    assert not (fast.pop("fingerprint") == loop.pop("fingerprint")).any()
    pd.testing.assert_frame_equal(fast, loop, rtol=1e-3)


@pytest.mark.parametrize("name", ["sales.csv", "a folder/with: colon.csv", "sales.parquet"])
def test_a_users_table(inside: Callable, tmp_path: Path, sales: pd.DataFrame, name: str) -> None:
    """A path may hold spaces and a colon, and be Parquet; loss and data set stand as the user gave them."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    sales.to_parquet(path) if path.suffix == ".parquet" else sales.to_csv(path, index=False)
    spec = f"{name}:target=price"
    outcome = inside("compare", "-d", spec, "-l", "mse,huber:delta=1.35", *BRIEF, "--csv", "-")
    trials = read(outcome.out)
    assert outcome.code == 0
    assert set(trials.dataset) == {spec}
    assert trials.loss.unique().tolist() == ["mse", "huber:delta=1.35"]
    assert trials.r2.notna().all()


def test_an_alias_keeps_its_name(inside: Callable) -> None:
    """A loss stands in the table as the user gave it, and an alias trains what its name trains."""
    losses = ["-l", "cce,brier", "-l", "ce", "-l", "mse"]
    trials = read(inside("compare", "-d", "iris", *losses, *BRIEF, "--quiet", "--csv", "-").out)
    assert trials.loss.unique().tolist() == ["cce", "brier", "ce", "mse"]
    known = [name for name in METRICS if name in trials]
    scores = [group[known].reset_index(drop=True) for _, group in trials.groupby("loss", sort=False)]
    pd.testing.assert_frame_equal(scores[0], scores[2])
    pd.testing.assert_frame_equal(scores[1], scores[3])


def test_commas_cut_lists_but_not_widths(inside: Callable) -> None:
    """Options repeat and take commas; the commas inside `mlp:64,32` belong to the model."""
    command = ("-d", "diabetes", "-l", "mse,huber:delta=1.35", "-l", "mae", "-m", "linear, mlp:6,3:tanh")
    trials = read(inside("compare", *command, *BRIEF, "--quiet", "--csv", "-").out)
    assert trials.loss.unique().tolist() == ["mse", "huber:delta=1.35", "mae"]
    assert trials.model.unique().tolist() == ["linear", "mlp:6,3:tanh"]


def test_every_format_says_the_same(inside: Callable, tmp_path: Path) -> None:
    """CSV, JSON, Markdown and the table show the same losses and the same means, censored alike."""
    command = ("compare", "-d", "diabetes", "-l", "mse,mae", "--seeds", "2", "--epochs", "2", "-o", "out")
    shown = {form: inside(*command, "--format", form) for form in ("csv", "json", "markdown", "table")}
    assert {outcome.code for outcome in shown.values()} == {0}
    table, rows = read(shown["csv"].out), json.loads(shown["json"].out)["summary"]
    assert shown["csv"].out == (tmp_path / "out" / "summary.csv").read_text()
    assert [row["loss"] for row in rows] == table.loss.tolist()
    assert [row["mean"] for row in rows] == table["mean"].tolist()
    assert {row["epochs_to_target_median"] for row in rows} == {">2"} == set(table.epochs_to_target_median)
    for row in rows:
        for form in ("markdown", "table"):
            lines = [line for line in shown[form].out.splitlines() if f" {row['loss']} " in line]
            assert any(f" {row['mean']:.3f} " in line for line in lines)


def test_a_diverged_run_is_shown_and_stored(inside: Callable, tmp_path: Path) -> None:
    """Trainings that diverged are counted and explained, and no file or format has an infinity in it."""
    command = ("compare", "-d", "diabetes", "-l", "mse", *BRIEF, "--optimizer", "sgd", "--lr", "1e6", "-o", "out")
    outcome = inside(*command)
    assert outcome.code == 0
    assert "diverged diabetes, trainings: mse 2; a smaller learning rate may help" in outcome.out
    assert set(read((tmp_path / "out" / "trials.csv").read_text()).status) == {"diverged"}
    assert ",inf" not in (tmp_path / "out" / "summary.csv").read_text()
    (row,) = json.loads(inside(*command, "--format", "json").out)["summary"]
    assert (row["diverged"], row["mean"], row["epochs_to_plateau_median"]) == (2, None, ">2")


def test_the_folder_goes_by_the_config(inside: Callable, tmp_path: Path) -> None:
    """Files go to results/CONFIG, or to results/custom where an option changed the experiment, or where told."""
    (tmp_path / "mine.toml").write_text(
        "datasets = ['iris']\nseeds = 1\nepochs = 1\noutliers = [0]\n[losses]\nmulticlass = ['ce']"
    )
    for arguments, folder in (
        ((), "results/mine"),
        (("--epochs", "2"), "results/custom"),
        (("-o", "deep/er"), "deep/er"),
    ):
        outcome = inside("compare", "-c", "mine.toml", *arguments)
        assert outcome.code == 0
        assert f"open     {folder}/report.html " in outcome.out
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == FILES


def test_a_run_replaces_no_other_silently(inside: Callable, tmp_path: Path) -> None:
    """By default each experiment has a folder, the same one when it is run again; elsewhere what goes is named."""
    first, second = (("compare", "-d", "iris", "-l", loss, *BRIEF) for loss in ("ce", "mse"))
    for command, folder in ((first, "custom"), (second, "custom-2"), (first, "custom"), (second, "custom-2")):
        assert f"open     results/{folder}/report.html " in inside(*command).out
    assert "replaced" not in inside(*first).out
    assert "replaced the files of another run, " in inside(*second, "-o", "results/custom").out
    (tmp_path / "results" / "custom" / "manifest.json").write_text("{")
    assert "open     results/custom-3/report.html " in inside(*first).out


def test_a_csv_file_takes_the_place_of_the_folder(inside: Callable, tmp_path: Path) -> None:
    """With --csv FILE the trials go there and nowhere else; the table is still shown."""
    outcome = inside("compare", "-d", "iris", "-l", "ce", *BRIEF, "--csv", "there/trials.csv")
    assert outcome.code == 0
    assert "iris (multiclass)" in outcome.out
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["there", "there/trials.csv"]
    assert len(read((tmp_path / "there" / "trials.csv").read_text())) == 2


def test_quiet_leaves_only_what_was_asked_for(inside: Callable, tmp_path: Path) -> None:
    """Under --quiet files are written and nothing is said; --format still answers."""
    command = ("compare", "-d", "iris", "-l", "ce", *BRIEF, "--quiet")
    silent = inside(*command)
    assert (silent.code, silent.out, silent.err) == (0, "", "")
    assert (tmp_path / "results" / "custom" / "trials.csv").exists()
    answer = inside(*command, "--format", "csv")
    assert (answer.err, read(answer.out).loss.tolist()) == ("", ["ce"])


def test_a_dry_run_trains_and_writes_nothing(
    inside: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default experiment is described: every core task, every loss of it, and how many trainings that is.

    No line is longer than the terminal.
    """
    monkeypatch.setattr("lossbench.results.comparison.execute", None)
    monkeypatch.setenv("COLUMNS", "60")
    outcome = inside("compare", "--dry-run")
    said = " ".join(outcome.out.split())
    assert (outcome.code, outcome.err) == (0, "")
    assert "2640 trainings: 100 epochs" in said
    assert "digits (multiclass, 1797 rows): 320 trainings of mlp:16, judged by accuracy, under ce, " in said
    assert max(map(len, outcome.out.splitlines())) <= 60
    assert not list(tmp_path.iterdir())


def test_a_loss_that_fits_some_data_sets_runs_there(inside: Callable) -> None:
    """A loss that does not fit one of the data sets is listed with the reason, and runs on the other."""
    outcome = inside("compare", "-d", "iris,diabetes", "-l", "mse,huber", *BRIEF)
    assert outcome.code == 0
    assert "skipped  huber on iris: loss 'huber' does not fit the task multiclass" in outcome.out


def test_a_cores_loss_that_is_undefined_is_left_out(inside: Callable, tmp_path: Path, sales: pd.DataFrame) -> None:
    """Without -l, a table with a zero in its target is trained under the other losses, and the rows are named."""
    sales.assign(price=sales.price.where(sales.index != 4, 0.0)).to_csv(tmp_path / "zero.csv")
    outcome = inside("compare", "-d", "zero.csv:target=price", "--dry-run")
    assert outcome.code == 0
    assert "under mse, mae, huber, log_cosh, pinball\n" in outcome.out
    assert "skipped  mape on zero.csv:target=price" in outcome.out
    assert "row 5" in outcome.out


def test_tuning_from_the_command_line(inside: Callable, tmp_path: Path) -> None:
    """--tune prints a table at own rates, warns where the best rate is at the edge, and leaves the grid."""
    small = ["-d", "iris", "-l", "ce,mse", "-m", "linear", "--seeds", "2", "--epochs", "3", "--outliers", "0"]
    run = inside("compare", *small, "--lr", "0.0001,0.1", "--tune", "-o", "out")
    assert run.code == 0
    assert "each loss at its own lr" in run.out
    assert "ce @0.1" in run.out
    warning = "warning best rates at the edge of the grid, a wider one may do better: iris: "
    assert warning in " ".join(run.out.split())
    assert "best rates at the edge of the grid" in (tmp_path / "out" / "report.md").read_text()
    json = inside("compare", *small, "--lr", "0.0001,0.1", "--tune", "--format", "json")
    assert json.err.count("best rates at the edge of the grid") == 1
    grid = pd.read_csv(tmp_path / "out" / "tuning.csv")
    assert len(grid) == 2 * 2
    assert list(grid.lr[grid.chosen]) == [0.1, 0.1]


def test_tuning_needs_a_grid(inside: Callable, tmp_path: Path) -> None:
    """One rate cannot be tuned: one line, exit 2, nothing written."""
    run = inside("compare", "-d", "iris", "--tune", "-o", "out")
    assert run.code == 2
    assert "--lr 0.001,0.01,0.1" in run.err
    assert not (tmp_path / "out").exists()


UNRULY = """
import os, sys, torch

def counted(limit, after):
    calls = [0]

    def loss(y_pred, y_true):
        print("from the loss")
        os.write(1, b"past Python\\n")
        calls[0] += 1
        return ((y_pred - y_true) ** 2).mean() * (after() if calls[0] > limit else 1)

    return loss

polite = counted(10**9, None)
dying = counted(60, lambda: os.kill(os.getpid(), 9))
leaving = counted(60, lambda: sys.exit(0))
schedule = counted(60, lambda: 2)
"""


SHADOWS = ("signal", "queue", "joblib", "numpy", "torch", "resource", "struct", "pickle", "rich", "click")
"""Names of modules that a worker, a tracker or a command imports; a user may have a file of such a name."""


def test_what_lies_about_spoils_nothing(lossbench: Callable, tmp_path: Path) -> None:
    """In two processes: standard output is the trials alone, three losses fail and say why, the others finish.

    No file of the current folder is run, whatever it is called, and a loss file finds what stands beside it.
    """
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w').close()\nraise SystemExit('{name}.py ran')")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text(UNRULY)
    (tmp_path / "mine" / "loss.py").write_text(
        "from power import p\n\ndef f(raw, target):\n    return p(raw - target)\n"
    )
    (tmp_path / "mine" / "power.py").write_text("def p(error):\n    return error.abs().pow(1.5).mean(-1)\n")
    losses = [
        "mse",
        *(
            f"mine/{one}"
            for one in ("own.py:polite", "own.py:leaving", "own.py:schedule", "own.py:dying", "loss.py:f")
        ),
    ]
    command = (
        "compare",
        "-d",
        "diabetes",
        "-l",
        ",".join(losses),
        "-m",
        "linear,mlp:3",
        "--jobs",
        "2",
        "--csv",
        "-",
    )
    outcome = lossbench(*command, "--seeds", "1", "--epochs", "8", "--outliers", "0")
    assert not list(tmp_path.glob("ran-*"))
    trials = read(outcome.out)
    assert outcome.code == 4
    ended = trials.groupby("loss", sort=False).status.unique().map(list).to_dict()
    assert ended == dict(zip(losses, [["ok"], ["ok"], *[["failed"]] * 3, ["ok"]], strict=True))
    said = trials.groupby("loss").failure.first()
    assert "raised SystemExit: 0 (own.py line " in said["mine/own.py:leaving"]
    assert "its trainings depend on what ran before them" in said["mine/own.py:schedule"]
    assert "ended the process that ran it, by signal 9" in said["mine/own.py:dying"]
    assert "from the loss\n" in outcome.err
    assert "past Python\n" in outcome.err


def test_a_run_is_judged_by_the_score_that_is_named(inside: Callable, tmp_path: Path) -> None:
    """Trials, tables, tuning and manifest say so, and the run is made again to the byte."""
    options = ("--score", "mape,log_loss", "--margin", "mape=0.05", "--lr", "0.003,0.01,0.03", "--tune", *BRIEF)
    names = ("-d", "diabetes,wine", "-l", "mse,huber,ce")
    outcome = inside("compare", *names, *options, "-o", "run")
    assert outcome.code == 0
    judged = {"diabetes": "mape", "wine": "log_loss"}
    for name in ("trials", "summary", "tuning", "curves"):
        found = read((tmp_path / "run" / f"{name}.csv").read_text())
        assert dict(zip(found.dataset, found.score, strict=True)) == judged
    assert {"mape", "log_loss"} <= set(outcome.out.split())
    config = json.loads((tmp_path / "run" / "manifest.json").read_text())["config"]
    assert (config["score"], config["margins"]["mape"]) == (["mape", "log_loss"], 0.05)
    assert inside("report", "run", "-o", "again").code == 0
    for path in (tmp_path / "run").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name
    assert json.loads(inside("compare", *names, *options, "--format", "json").out)["summary"][0]["score"] == "mape"
    planned = inside("compare", *names, *options, "--dry-run").out
    assert "judged by mape" in planned
    assert "trainings are done already" in planned


@pytest.mark.parametrize("form", ["json", "junit", "csv"])
def test_no_format_is_silent_about_what_was_skipped(inside: Callable, form: str) -> None:
    """A loss that fits only some data sets is named with the reason, where the format has room or beside it."""
    done = inside("compare", "-d", "moons,line", "-l", "huber,bce", *BRIEF, "--format", form)
    said = " ".join(done.err.split())
    assert said.count("skipped") == 2
    if form == "json":
        found = json.loads(done.out)["skipped"]
        assert all(f"skipped {one['loss']} on {one['dataset']}: {one['reason']}" in said for one in found)
        assert [(one["dataset"], one["loss"]) for one in found] == [("moons", "huber"), ("line", "bce")]
        assert json.loads(inside("report", "results/custom", "--format", "json").out)["skipped"] == found
    if form == "junit":
        cases = [case for case in ET.fromstring(done.out).iter("testcase") if case.find("skipped") is not None]
        assert [(case.get("classname"), case.get("name")) for case in cases] == [
            ("moons", "huber: not run"),
            ("line", "bce: not run"),
        ]
