"""A run trains what is missing, keeps what is done, and leaves whole seeds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from training.cases import COMPILED

from lossbench.errors import LossFailed, OutOfTime, OutputError
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import Engine, Manner, usual_engine
from lossbench.plan.settings import make_settings
from lossbench.run.packs import TRAINED_BY
from lossbench.run.provenance import fingerprint
from lossbench.run.runner import Finished, run, schedule, train_rows
from lossbench.run.state import Ledger
from lossbench.store import Store

FRAGILE = '''
calls = 0

def fragile(raw, target):
    """Squared error that gives up after a while."""
    global calls
    calls += 1
    if calls > {limit}:
        raise ValueError("enough")
    return (raw - target).square().mean(-1)
'''


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with Store(tmp_path / "trials.sqlite") as opened:
        yield opened


def study(**changes: object) -> Experiment:
    """Plan a small experiment."""
    small = {"datasets": ["iris", "moons"], "seeds": 2, "epochs": 2, "outliers": 0, "models": "mlp:4"}
    return plan(make_settings(**(small | changes)))


def same(left: Finished, right: Finished) -> None:
    """Require two outcomes to have the same rows and curves, to the last bit."""
    pd.testing.assert_frame_equal(left.rows, right.rows)
    np.testing.assert_array_equal(left.curves, right.curves)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """Give the list of data set, loss and seed of every training from now on."""
    done: list[tuple[str, str, int]] = []
    engine = usual_engine()
    train = TRAINED_BY[engine]

    def noted(pack, device):
        done.extend((trial.dataset, trial.loss, trial.seed) for trial in pack.trials)
        return train(pack, device)

    monkeypatch.setitem(TRAINED_BY, engine, noted)
    return done


def test_rows_alone_are_those_of_a_whole_run(store: Store) -> None:
    """To the last bit, trained anew or read from the store of either."""
    experiment = study()
    alone = train_rows(experiment, Manner(1), store)
    whole = run(experiment, Manner(1), store=store)
    assert whole.cached == len(experiment.trials)
    pd.testing.assert_frame_equal(alone, whole.rows)
    pd.testing.assert_frame_equal(train_rows(experiment, Manner(1)), run(experiment, Manner(1)).rows)


def test_a_rerun_trains_nothing_and_says_the_same(store: Store, trained: list) -> None:
    """What is stored is taken over, to the last bit."""
    first = run(study(), Manner(1), store=store)
    assert len(trained) == len(first.rows)
    again = run(study(), Manner(1), store=store)
    assert len(trained) == len(first.rows) == again.cached
    same(first, again)
    same(first, run(study(), Manner(1)))


def test_only_what_is_missing_is_trained(store: Store, trained: list) -> None:
    """One more seed and one more loss cost their own trainings alone."""
    run(study(datasets="iris", losses=["ce", "mse"]), Manner(1), store=store)
    trained.clear()
    wanted = study(datasets="iris", losses=["ce", "mse", "mae"], seeds=3)
    finished = run(wanted, Manner(1), store=store)
    assert set(trained) == {
        ("iris", "mae", 0),
        ("iris", "mae", 1),
        *(("iris", loss, 2) for loss in ("ce", "mse", "mae")),
    }
    same(finished, run(wanted, Manner(1)))


def test_a_budget_leaves_whole_seeds_and_the_next_run_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first pack the time is over: what is reported is whole, what is left out is named."""
    monkeypatch.setattr("lossbench.training.packing.MODELS", 4)
    wanted = study(datasets="moons", losses=["bce", "ce", "mse"], seeds=6)
    clock = iter(range(1000))
    monkeypatch.setattr("lossbench.run.runner.time.monotonic", lambda: next(clock))
    cut = run(wanted, Manner(1), store=store, budget=2.5)
    (gap,) = cut.gaps
    kept = set(cut.rows.seed)
    assert kept
    assert kept.isdisjoint(gap.seeds)
    assert kept | set(gap.seeds) == set(range(6))
    assert (cut.rows.groupby("seed").size() == 3).all()
    whole = run(wanted, Manner(1), store=store)
    assert whole.cached == len(wanted.trials) - gap.trials
    same(whole, run(wanted, Manner(1)))


def test_a_budget_without_a_seed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no seed is whole there is nothing to report."""
    monkeypatch.setattr("lossbench.training.packing.MODELS", 2)
    with pytest.raises(OutOfTime, match="no seed was finished within the budget"):
        run(study(datasets="moons", losses=["bce", "ce", "mse"], seeds=6), Manner(1), budget=0)


def test_seeds_are_trained_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first seeds of all data sets come before the last of any, and what tunes before everything."""
    monkeypatch.setattr("lossbench.training.packing.MODELS", 16)
    wanted = study(seeds=8)
    firsts = [min(trial.seed for trial in pack.trials) for pack in schedule(wanted, list(wanted.trials))]
    assert firsts == sorted(firsts)
    tuned = study(seeds=8, lr=[0.01, 0.1], tune=True)
    packs = schedule(tuned, list(tuned.trials + tuned.tuning))
    first = [bool(set(tuned.tuning) & set(pack.trials)) for pack in packs]
    assert first == sorted(first, reverse=True)


def test_data_sets_are_trained_one_by_one() -> None:
    """Of equal seeds the packs of a data set come together, so that a run that is cut short has whole ones."""
    wanted = study(models=["mlp:4", "mlp:8", "linear"])
    names = [pack.dataset.name for pack in schedule(wanted, list(wanted.trials))]
    assert len(names) > 3
    assert len([name for name, before in pairwise(names) if name != before]) == len(set(names)) - 1


def test_a_loss_that_fails_leaves_the_others_as_they_are(tmp_path: Path, store: Store) -> None:
    """Its rows say so and why; the other rows are what they are without it, and only those are stored."""
    spec = f"{tmp_path}/own.py:fragile"
    Path(tmp_path, "own.py").write_text(FRAGILE.format(limit=30))
    finished = run(study(datasets="diabetes", losses=["mse", "mae", spec], epochs=12), Manner(1), store=store)
    gone = finished.rows.loss == spec
    assert set(finished.rows.status[gone]) == {"failed"}
    assert set(finished.rows.status[~gone]) == {"ok"}
    (why,) = set(finished.rows.failure[gone])
    assert f"{spec} on diabetes, epoch " in why
    assert "ValueError: enough" in why
    assert len(store) == (~gone).sum()
    alone = run(study(datasets="diabetes", losses=["mse", "mae"], epochs=12), Manner(1)).rows
    pd.testing.assert_frame_equal(finished.rows[~gone].reset_index(drop=True), alone.reset_index(drop=True))


def test_both_engines_name_the_failure(tmp_path: Path) -> None:
    """The plain loop says the same of a loss that fails."""
    Path(tmp_path, "own.py").write_text(FRAGILE.format(limit=30))
    wanted = study(datasets="diabetes", losses=["mse", f"{tmp_path}/own.py:fragile"], seeds=1, epochs=12)
    found = run(wanted, Manner(1, "loop")).rows
    assert list(found.status) == ["ok", "failed"]


def test_a_store_that_fails_stops_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is trained without it, and the reader is told."""

    def full(*_: object) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr(store, "put", full)
    finished = run(study(), Manner(1), store=store)
    assert finished.note == "the disk is full"
    same(finished, run(study(), Manner(1)))


def test_a_store_that_fails_for_a_while_keeps_everything(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it could not take at first it takes with the next results; then there is nothing to tell."""
    put, calls = store.put, []

    def full_at_first(trials):
        calls.append(1)
        if len(calls) < 3:
            raise OutputError("the disk is full")
        return put(trials)

    monkeypatch.setattr(store, "put", full_at_first)
    wanted = study(models=["mlp:4", "mlp:5"])
    finished = run(wanted, Manner(1), store=store)
    assert finished.note == ""
    assert len(store) == len(wanted.trials)


MINE = "def mine(raw, target):\n    return {} * (raw - target).square().mean(-1)\n"


def test_a_loss_that_changes_during_the_run_is_refused(tmp_path: Path, store: Store) -> None:
    """Trainings of two losses never stand under one name; each is kept under its own code."""
    file = tmp_path / "own.py"
    models = [f"mlp:{width}" for width in range(2, 8)]
    wanted = {"datasets": "diabetes", "losses": ["mse", f"{file}:mine"], "models": models}

    def change(*_: object, version: int = 2) -> None:
        other = tmp_path / "other.py"
        other.write_text(MINE.format(version))
        other.replace(file)  # nobody reads half of it

    def kept(version: int) -> set[str]:
        change(version=version)
        missing = {trial.model for trial in Ledger(study(**wanted), fingerprint(usual_engine()), store).missing}
        return set(models) - missing

    assert kept(1) == set()
    with pytest.raises(LossFailed, match=r"own\.py:mine' changed during the run.*run the same command again"):
        # Another process reads the file when its pack comes.
        run(study(**wanted), Manner(2), store=store, progress=change)
    first, second = kept(1), kept(2)
    assert first
    assert second
    assert first.isdisjoint(second)
    assert len(store) == 4 * len(first | second)


def test_one_process_trains_what_was_planned(tmp_path: Path) -> None:
    """A loss is read once, before training: what becomes of its file afterwards is of no account."""
    file = tmp_path / "own.py"
    file.write_text(MINE.format(1))
    wanted = {"datasets": "diabetes", "losses": ["mse", f"{file}:mine"], "models": ["mlp:4", "mlp:5"]}
    undisturbed, experiment = run(study(**wanted), Manner(1)), study(**wanted)
    same(run(experiment, Manner(1), progress=lambda *_: file.write_text(MINE.format(2)) and None), undisturbed)


def test_a_changed_file_is_trained_anew(tmp_path: Path, store: Store) -> None:
    """Another number in the user's file is another loss; another comment is the same one."""
    file = tmp_path / "own.py"
    spec = f"{file}:mine"
    wanted = {"datasets": "diabetes", "losses": ["mse", spec], "seeds": 2}

    def missing(text: str) -> int:
        file.write_text(text)
        return len(Ledger(study(**wanted), fingerprint(usual_engine()), store).missing)

    assert missing(MINE.format(2)) == 4
    run(study(**wanted), Manner(1), store=store)
    assert missing(MINE.format(2)) == 0
    assert missing(MINE.format(3)) == 2


def test_failures_without_a_loss_are_errors() -> None:
    """LossFailed carries the losses that it happened to; by itself, none."""
    assert LossFailed("what").losses == ()


SCHEDULE = '''
steps = 0

def schedule(prediction, target):
    """Another loss every 250 calls."""
    global steps
    steps += 1
    return (1 + steps // 250) * ((prediction - target) ** 2).mean()
'''


def test_a_loss_that_hangs_on_its_past_has_no_results(tmp_path: Path, store: Store) -> None:
    """All its trials fail, those too that were stored as good; the others are what they are without it."""
    spec = f"{tmp_path}/own.py:schedule"
    Path(tmp_path, "own.py").write_text(SCHEDULE)

    def trained(losses: list[str], widths: list[int]) -> Finished:
        models = [f"mlp:{width}" for width in widths]
        return run(study(datasets="diabetes", losses=losses, models=models, epochs=3), Manner(jobs=1), store=store)

    assert set(trained(["mse", spec], [2]).rows.status) == {"ok"}  # it has not moved yet
    assert len(store) == 4
    finished = trained(["mse", spec], [2, 3, 4])
    gone = finished.rows.loss == spec
    assert set(finished.rows.status[gone]) == {"failed"}
    assert finished.rows.failure[gone].str.contains("its trainings depend on what ran before them").all()
    assert finished.rows[gone].r2.isna().all()
    assert np.isnan(finished.curves[gone]).all()
    assert len(store) == (~gone).sum() == 6
    alone = trained(["mse"], [2, 3, 4]).rows
    pd.testing.assert_frame_equal(finished.rows[~gone].reset_index(drop=True), alone.reset_index(drop=True))


FRAIL = '''
from torch.nn.functional import binary_cross_entropy_with_logits

def frail(prediction, target):
    """Positives count more, the fewer there are."""
    loss = binary_cross_entropy_with_logits(prediction, target, reduction="none")
    return (loss * (target * target.numel() / target.sum() + 1 - target)).mean()
'''


LOST = """
def flooded(prediction, target):
    loss = ((prediction - target) ** 2).mean()
    return loss if loss > 0.5 else loss * float("nan")

def steep(prediction, target):
    return ((prediction - target) ** 6).mean()
"""


def test_a_loss_that_is_lost_where_it_is_small_is_to_blame(tmp_path: Path) -> None:
    """NaN at finite raw outputs is the failure of the loss; one that overflows diverges by its rate."""
    Path(tmp_path, "own.py").write_text(LOST)
    specs = [f"{tmp_path}/own.py:{name}" for name in ("flooded", "steep")]
    wanted = study(datasets="diabetes", losses=specs, lr=[0.1], optimizers="sgd", epochs=20, seeds=1)
    rows = run(wanted, Manner(jobs=1, engine="loop")).rows
    assert list(rows.status) == ["failed", "diverged"]
    assert "seed 0, it is NaN or infinite at finite raw outputs, at most " in rows.failure.iloc[0]


@pytest.mark.parametrize("engine", [pytest.param("native", marks=COMPILED), "fused", "loop"])
def test_a_batch_that_spoils_a_loss_is_named(tmp_path: Path, engine: Engine) -> None:
    """NaN on a batch without positives is the failure of the loss, whatever the rate."""
    spec = f"{tmp_path}/own.py:frail"
    Path(tmp_path, "own.py").write_text(FRAIL)
    wanted = study(datasets="imbalanced:positives=0.05:rows=200", losses=["bce", spec], seeds=1)
    rows = run(wanted, Manner(jobs=1, engine=engine)).rows
    assert list(rows.status) == ["ok", "failed"]
    assert ": it is NaN or infinite on a batch without a row of class positive; " in rows.failure.iloc[1]
