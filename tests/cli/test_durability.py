"""Nothing finished is lost: a kill, a full disk, two processes at once, a budget, files that change."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from lossbench.cli import run

from .conftest import COMMAND, PLAIN, Outcome
from .test_interrupt import alive, wait_until

WANTED = ("compare", "-d", "iris,moons", "-l", "ce,mse,focal", "-m", "linear,mlp:2,mlp:4,mlp:8", "--jobs", "1")
BRIEF = ("--seeds", "4", "--epochs", "24", "--outliers", "0,0.2")
TRIALS = 2 * 3 * 4 * 4 * 2

Launch = Callable[..., subprocess.Popen[str]]
Inside = Callable[..., Outcome]


def start(cwd: Path, cache: Path, *more: str, **options: object) -> subprocess.Popen[str]:
    """Start a comparison as the leader of its own group of processes."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache)}
    command = [*COMMAND, *WANTED, *BRIEF, *more]
    return subprocess.Popen(
        command, cwd=cwd, env=environment, text=True, start_new_session=True, **pipes | options
    )


@pytest.fixture
def launch(tmp_path: Path, cache: Path) -> Launch:
    """Start a comparison in an empty folder, with the store of this test."""
    return partial(start, tmp_path, cache)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the trials of a run that nothing disturbed."""
    trials = tmp_path_factory.mktemp("undisturbed") / "trials.csv"
    assert run([*WANTED, *BRIEF, "--no-cache", "--quiet", "--csv", str(trials)]) == 0
    return trials.read_bytes()


@contextmanager
def no_file_beyond(limit: int) -> Iterator[None]:
    """Let the system refuse this process any file beyond a size, as a full disk would."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ended(process: subprocess.Popen[str]) -> Outcome:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=120)
    return Outcome(process.returncode, out, err)


def stored(cache: Path) -> dict[str, tuple[object, ...]]:
    """Return what a store holds by key, read past lossbench; nothing where there is no store yet."""
    file = cache / "trials.sqlite"
    if not file.exists():
        return {}
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute("SELECT key, rowid, written, cells, checksum FROM trials").fetchall()
    except sqlite3.OperationalError:  # killed, or looked at, before the tables were made
        rows = []
    connection.close()
    return {key: rest for key, *rest in rows}


def cached(folder: Path) -> int:
    """Return how many trainings a run took over from earlier ones."""
    return int(json.loads((folder / "manifest.json").read_text())["cached"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
def test_a_run_that_is_killed_goes_on(
    launch: Launch, inside: Inside, expected: bytes, tmp_path: Path, cache: Path
) -> None:
    """What was stored when it was killed is trained no more, and in the end the trials are the same bytes.

    Only the process that was started is killed: those that it has started end by themselves. The endurance suite
    kills at forty moments.
    """
    kept: dict[str, tuple[object, ...]] = {}
    for how, jobs, share in ((signal.SIGKILL, "2", 0.2), (signal.SIGTERM, "1", 0.6)):
        process = launch("-o", "out", "--jobs", jobs)
        assert wait_until(lambda share=share: len(stored(cache)) >= share * TRIALS)
        process.send_signal(how)
        ended(process)
        assert wait_until(lambda group=process.pid: not alive(group), seconds=20)
        assert not list((tmp_path / "out").glob("*"))
        assert stored(cache).items() >= kept.items()
        kept = stored(cache)
    assert len(kept) < TRIALS
    assert inside(*WANTED, *BRIEF, "-o", "out").code == 0
    assert cached(tmp_path / "out") == len(kept)
    assert (tmp_path / "out" / "trials.csv").read_bytes() == expected
    assert stored(cache).items() >= kept.items()
    assert len(stored(cache)) == TRIALS


def test_a_store_without_room_costs_no_result(
    inside: Inside, expected: bytes, tmp_path: Path, cache: Path
) -> None:
    """The run ends well and says what was not kept; with room again, the same command trains just that."""
    limit = 150_000  # more than the trials take, or a store without any, and less than a store with all
    with no_file_beyond(limit):
        short = inside(*WANTED, *BRIEF, "--csv", "trials.csv", "--format", "csv")
    assert short.code == 0
    assert "warning  results are not kept for other runs: cannot write the store" in short.err
    assert (tmp_path / "trials.csv").read_bytes() == expected
    kept = len(stored(cache))
    assert kept < TRIALS
    assert inside(*WANTED, *BRIEF, "-o", "out").code == 0
    assert cached(tmp_path / "out") == kept
    assert (tmp_path / "out" / "trials.csv").read_bytes() == expected


def test_a_folder_without_room_costs_no_training(inside: Inside, expected: bytes, tmp_path: Path) -> None:
    """What cannot be written is one error, what can be printed is; with room again, nothing is trained."""
    assert inside(*WANTED, *BRIEF, "--csv", "-").out == expected.decode()
    with no_file_beyond(50_000):  # more than SQLite needs to read a store, less than the trials take
        short = inside(*WANTED, *BRIEF, "-o", "out", "--csv", "-", "--quiet")
    assert (short.code, short.out) == (2, expected.decode())
    assert short.err == (
        "lossbench: error: cannot write 'out/trials.csv': File too large; free some space, or name another place. "
        "The trainings are kept: run the command again\n"
    )
    assert list((tmp_path / "out").iterdir()) == []
    assert inside(*WANTED, *BRIEF, "-o", "out").code == 0
    assert cached(tmp_path / "out") == TRIALS
    assert (tmp_path / "out" / "trials.csv").read_bytes() == expected


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="prints to a device that is always full")
def test_full_streams_cost_no_file_and_a_shared_store_none(
    launch: Launch, inside: Inside, tmp_path: Path, cache: Path
) -> None:
    """Started at one moment without a store, all processes end well, and each writes what it would have alone.

    Standard output on a full disk is one error, exit code 2; a log on a full disk is none.
    """
    brief = ("--epochs", "3")
    alone = inside(*WANTED, *BRIEF, *brief, "--no-cache", "--quiet", "--csv", "-").out
    with open("/dev/full", "w") as full:
        started = [
            launch(*brief, "--quiet", "-o", "printed", "--csv", "-", stdout=full),
            launch(*brief, "-o", "logged", "--seeds", "2:5", stderr=full),
        ]
        complaint, silence = map(ended, started)
    assert (complaint.code, complaint.err.count("\n")) == (2, 1)
    assert complaint.err.startswith("lossbench: error: cannot write to standard output: No space left on device; ")
    assert silence.code == 0
    assert (tmp_path / "printed" / "trials.csv").read_text() == alone
    ours, theirs = (pd.read_csv(tmp_path / folder / "trials.csv", dtype=str) for folder in ("printed", "logged"))
    both = ours.merge(theirs, how="outer", indicator=True)
    assert len(both) == len(stored(cache)) == TRIALS * 5 / 4
    assert set(both.seed[both._merge == "both"]) == {"2", "3"}


SIX = (
    *("compare", "-d", "moons", "-l", "bce,mse", "-m", "linear"),
    *("--seeds", "6", "--epochs", "2", "--outliers", "0"),
)


@pytest.mark.parametrize("form", ["table", "csv", "json", "markdown", "junit"])
def test_a_partial_run_is_labelled_in_every_format(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Whole seeds only, exit code 4, and the seeds that are left out are named where the results are."""
    monkeypatch.setattr("lossbench.training.packing.MODELS", 4)
    cut = inside(*SIX, "--budget", "0s", "-o", "cut", "--format", form)
    seeds = pd.read_csv(tmp_path / "cut" / "trials.csv").groupby("seed").size()
    assert (cut.code, seeds.to_dict()) == (4, {0: 2, 1: 2})
    (gap,) = json.loads((tmp_path / "cut" / "manifest.json").read_text())["partial"]
    assert gap == {"dataset": "moons", "seeds": [2, 3, 4, 5], "trials": 8}
    said = "partial  moons: 8 trainings are not done, so seeds 2-5 are left out"
    told = {"csv": cut.err, "json": cut.err, "junit": cut.err}.get(form, cut.out)
    assert said in " ".join(told.split("\n"))
    shown = inside("report", "cut", "--format", form).out
    for out in (cut.out, shown):
        if form == "json":
            assert [row["partial"] for row in json.loads(out)["summary"]] == [[2, 3, 4, 5]] * 2
        elif form == "junit":
            (skipped,) = ET.fromstring(out).iter("skipped")
            assert skipped.get("message", "").startswith(said)


def test_a_partial_run_goes_on(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command again trains what is missing, says no more of it, and ends with the trials of one run."""
    monkeypatch.setattr("lossbench.training.packing.MODELS", 4)
    assert inside(*SIX, "--budget", "0s", "-o", "cut").code == 4
    whole = inside(*SIX, "-o", "cut")
    assert (whole.code, cached(tmp_path / "cut")) == (0, 4)
    assert "left out" not in whole.out + whole.err
    assert inside(*SIX, "-o", "whole", "--no-cache").code == 0
    ours, theirs = ((tmp_path / name / "trials.csv").read_bytes() for name in ("cut", "whole"))
    assert ours == theirs


def test_a_file_that_changed_is_never_answered_from_the_store(
    inside: Inside, tmp_path: Path, sales: pd.DataFrame
) -> None:
    """Another table, another code of a loss: new trainings, the same as without a store; and the old ones stay."""

    def run(name: str, *more: str) -> tuple[int, bytes]:
        wanted = ("-d", "sales.csv:target=price", "-l", "mse,own.py:f", "--seeds", "2", "--epochs", "3")
        assert inside("compare", *wanted, "--outliers", "0", "--quiet", "-o", name, *more).code == 0
        return cached(tmp_path / name), (tmp_path / name / "trials.csv").read_bytes()

    def power(exponent: float) -> None:
        code = f"def f(raw, target):\n    return (raw - target).abs().pow({exponent}).mean(-1)\n"
        (tmp_path / "own.py").write_text(code)

    power(1.5)
    first = run("first")
    power(1.7)
    assert first[0] == 0
    assert run("loss") == (2, run("loss-alone", "--no-cache")[1])
    sales.assign(price=sales.price + 1).to_csv(tmp_path / "sales.csv", index=False)
    assert run("data") == (0, run("data-alone", "--no-cache")[1])
    sales.to_csv(tmp_path / "sales.csv", index=False)
    power(1.5)
    assert run("back") == (4, first[1])
