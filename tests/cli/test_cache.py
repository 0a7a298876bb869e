from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lossbench.results.write import trials_csv
from lossbench.run.scoring import frame_of
from lossbench.schema import COLUMNS, DTYPES, HASHES, ON_REQUEST, USUAL
from lossbench.store import Done, Store, open_store
from lossbench.training.trial import Trial

Row = dict[str, Any]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of the store."""
    monkeypatch.setenv("LOSSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def row(seed: int, dataset: str = "iris", loss: str = "ce") -> Row:
    """Return a row of `trials.csv`; one with an odd seed did not reach its target."""
    trial = Trial(dataset, "multiclass", "mlp:16", loss, "adam", 0.01, 0.0, 0.0, 32, 100, "none", 0.0, seed)
    draw = np.random.default_rng(seed)
    numbers: Row = {name: draw.random() if DTYPES.get(name) == "float64" else 3 for name in COLUMNS}
    words = dict.fromkeys(HASHES, "0123456789ab") | {"status": "ok", "score": "accuracy", "sampling": "resplit"}
    goal = {"epochs_to_target": None, "converged": False} if seed % 2 else {"converged": True}
    return (
        numbers
        | words
        | goal
        | dict.fromkeys(("roc_auc", "diverged_epoch", "failure", *ON_REQUEST))
        | asdict(trial)
    )


def fill(*rows: Row, folder: Path | None = None) -> list[Row]:
    """Store rows, each with a curve, and return them."""
    with open_store(folder) as store:
        store.put(Done(row, np.zeros(2)) for row in rows)
    return list(rows)


def stored() -> list[Row]:
    """Return the rows in the store."""
    with open_store() as store:
        return list(store.rows())


def test_info_of_an_empty_store(inside: Callable, folder: Path) -> None:
    """It says where the store is and that nothing is in it."""
    outcome = inside("cache", "info")
    assert outcome.out.startswith("0 trials, ")
    assert outcome.out.endswith(f" in {folder / 'trials.sqlite'}\n")
    assert (outcome.code, outcome.err, outcome.out.count("\n")) == (0, "", 1)


def test_info_counts_by_data_set(inside: Callable, folder: Path) -> None:
    """How many in all, where, how large; each data set with its losses, trials and times; within 100 columns."""
    fill(row(0), row(1), row(0, loss="mse"), row(0, "sales/of/a/very/long/name/" * 4 + "sales.csv:target=price"))
    outcome = inside("cache", "info")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("4 trials, 0.1 MB, in ")
    assert any(line.split()[:4] == ["iris", "0123456789ab", "2", "3"] for line in lines)
    assert max(map(len, lines[1:])) <= 100
    assert (outcome.code, outcome.err) == (0, "")


def test_info_counts_the_claims_with_evidence(inside: Callable) -> None:
    """Each once, however often it was tried; nothing is said where there is none."""
    assert "evidence" not in inside("cache", "info").out
    with open_store() as store:
        for key, claim in (("a", "T3"), ("b", "T3"), ("c", "T4")):
            store.remember(key, claim, "[]")
    assert inside("cache", "info").out.splitlines()[1:] == ["evidence on 2 claims of the documents"]
    inside("cache", "clear", "-d", "moons")
    assert "evidence" not in inside("cache", "info").out


@pytest.mark.parametrize(
    ("options", "left"),
    [((), 0), (("-d", "iris"), 1), (("--loss", "ce"), 1), (("-d", "iris", "-l", "ce"), 2), (("-d", "moons"), 3)],
    ids=str,
)
def test_clear_says_what_it_removed(inside: Callable, folder: Path, options: tuple[str, ...], left: int) -> None:
    """Everything, or what is named; it does not ask, and nothing that fits is no error."""
    fill(row(0), row(0, loss="mse"), row(0, "wine"))
    outcome = inside("cache", "clear", *options)
    removed = f"removed {3 - left} trial{'' if left == 2 else 's'}"
    assert outcome.out == f"{removed}; {left} left in {folder / 'trials.sqlite'}\n"
    assert (outcome.code, outcome.err, len(stored())) == (0, "", left)


def test_clear_removes_a_damaged_store(inside: Callable, folder: Path) -> None:
    """As the message of the damage said it would; but not where only a part was to go."""
    fill(row(0))
    path = folder / "trials.sqlite"
    path.write_bytes(b"nothing of the kind" * 100)
    for arguments in (("info",), ("clear", "-d", "iris")):
        outcome = inside("cache", *arguments)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1)
        assert "is damaged" in outcome.err
        assert "lossbench cache clear" in outcome.err
    assert inside("cache", "clear").out == f"removed the damaged store {path}\n"
    assert stored() == []


def test_an_export_has_what_an_older_lossbench_stored(inside: Callable) -> None:
    """A column that came later is empty in its rows."""
    old = row(0)
    del old["matthews_corrcoef"]
    fill(old, row(2))
    assert inside("cache", "export", "-").out == trials_csv(frame_of([old | {"matthews_corrcoef": None}, row(2)]))


@pytest.mark.parametrize("target", ["-", "all.csv"])
def test_an_export_is_a_trials_csv(
    inside: Callable, tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte what a run of these trials writes, sorted, in however many pieces it is laid out."""
    monkeypatch.setattr("lossbench.cli.cache.CHUNK", 3)
    rows = fill(*map(row, range(8)))
    fill(row(0, "wine"))
    outcome = inside("cache", "export", target)
    text = outcome.out if target == "-" else (tmp_path / target).read_bytes().decode()
    assert text == trials_csv(frame_of([*rows, row(0, "wine")]))
    assert ",>100," in text
    assert (outcome.code, outcome.err) == (0, "")


def test_an_export_of_nothing_has_the_names(inside: Callable) -> None:
    """A reader finds the columns, and no rows."""
    names = [name for name in COLUMNS if name not in ON_REQUEST and name not in USUAL]
    assert inside("cache", "export", "-").out == ",".join(names) + "\n"


def test_an_export_has_every_column_that_a_row_fills(inside: Callable) -> None:
    """Rows that were trained otherwise than most bring their columns, and no cell slips under another name."""
    other = row(1) | {"threshold": 0.25, "schedule": "cosine"}
    fill(row(0), other)
    back = pd.read_csv(StringIO(inside("cache", "export", "-").out))
    assert back.threshold.tolist() == pytest.approx([np.nan, 0.25], nan_ok=True)
    assert back.schedule.tolist() == ["constant", "cosine"]


def test_a_merge_says_what_was_new(inside: Callable, folder: Path, tmp_path: Path) -> None:
    """The file that is read stays as it is; a second time nothing is new."""
    fill(row(0))
    fill(row(0), row(1), row(2), folder=tmp_path / "other")
    other, path = tmp_path / "other" / "trials.sqlite", folder / "trials.sqlite"
    before = other.read_bytes()
    assert inside("cache", "merge", str(other)).out == f"added 2 trials to {path}; 1 were there already\n"
    assert inside("cache", "merge", str(other)).out == f"added 0 trials to {path}; 3 were there already\n"
    assert stored() == [row(seed) for seed in range(3)]
    assert other.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("merge", "nowhere.sqlite"), ["no store of finished trials at 'nowhere.sqlite'", "give the path"]),
        (("merge", "results.csv"), ["'results.csv' is damaged"]),
        (("export", "results.csv/x.csv"), ["cannot write"]),
        (("clean",), ["No such command 'clean'"]),
        (("clear", "--dataset"), ["--dataset"]),
    ],
    ids=str,
)
def test_a_mistake_is_refused(
    inside: Callable, tmp_path: Path, arguments: tuple[str, ...], words: list[str]
) -> None:
    """One line that says what is wrong, exit code 2."""
    (tmp_path / "results.csv").write_text("dataset,task\n" * 100)
    outcome = inside("cache", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.count("\n") == 1
    for word in words:
        assert word in outcome.err


def test_a_contradiction_is_refused(inside: Callable, tmp_path: Path) -> None:
    """The trial is named, and the store stays as it is."""
    fill(row(0))
    fill(row(1), row(0) | {"accuracy": 0.5}, folder=tmp_path / "other")
    outcome = inside("cache", "merge", "other/trials.sqlite")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    for word in ("accuracy", "0.5", "dataset='iris'", "seed=0"):
        assert word in outcome.err
    assert stored() == [row(0)]


def test_a_store_that_is_in_use_can_be_looked_at(inside: Callable, folder: Path) -> None:
    """While another process has it open, and writes."""
    with Store(folder / "trials.sqlite") as store, store._writing():
        assert inside("cache", "info").out.startswith("0 trials, ")
        assert inside("cache", "export", "-").code == 0
