"""`lossbench.compare` takes what a person would write, and gives the same numbers by every road."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from stats.synthetic import read_trials

import lossbench
from lossbench.data import records
from lossbench.losses import catalogue
from lossbench.plan.settings import make_settings
from lossbench.report.answer.run import lead
from lossbench.report.escape import html as escape
from lossbench.results.rows_file import read_rows
from lossbench.schema import COLUMNS, COMPARISONS, METRICS, SUMMARY
from lossbench.stats.findings import Findings, average_curves

SMALL = {"datasets": "iris", "losses": ["ce", "mse"], "seeds": 2, "epochs": 3, "outliers": 0, "models": "mlp:4"}

TABLES = {"trials.csv", "summary.csv", "comparisons.csv", "ranks.csv", "profiles.csv", "curves.csv"}
FILES = TABLES | {"rows.npz", "report.md", "report.html", "manifest.json"}


def small(**changes: Any) -> lossbench.Comparison:
    """Compare two losses on one data set in a moment."""
    return lossbench.compare(**SMALL | changes)


@pytest.fixture(scope="module")
def result() -> lossbench.Comparison:
    """Give a comparison with two data sets and two shares."""
    return small(datasets=["iris", "diabetes"], losses=["mse", "mae"], outliers=[0, 0.2], epochs=5, seeds=3)


@pytest.mark.parametrize(
    ("given", "field", "expected"),
    [
        ({"datasets": "wine"}, "datasets", ("wine",)),
        ({"datasets": ("iris", "wine")}, "datasets", ("iris", "wine")),
        ({"losses": "ce"}, "losses", ("ce",)),
        ({"losses": iter(["mse", "ce"])}, "losses", ("mse", "ce")),
        ({"models": ("linear", "mlp:2")}, "models", ("linear", "mlp:2")),
        ({"optimizers": "sgd:momentum=0.9"}, "optimizers", ("sgd:momentum=0.9",)),
        ({"lr": 0.1}, "lr", (0.1,)),
        ({"lr": 1}, "lr", (1.0,)),
        ({"lr": np.float64(0.1)}, "lr", (0.1,)),
        ({"lr": np.float32(0.5)}, "lr", (0.5,)),
        ({"lr": np.int64(1)}, "lr", (1.0,)),
        ({"lr": (0.1, 0.01)}, "lr", (0.1, 0.01)),
        ({"lr": np.array([0.5, 0.25])}, "lr", (0.5, 0.25)),
        ({"l1": np.float64(0.1), "l2": [0, np.float32(0.5)]}, "l2", (0.0, 0.5)),
        ({"epochs": np.int64(2)}, "epochs", 2),
        ({"batch_size": np.int32(8)}, "batch_size", 8),
        ({"seeds": np.int64(3)}, "seeds", (0, 1, 2)),
        ({"seeds": [np.int64(1)]}, "seeds", (1,)),
        ({"seeds": np.arange(4, 6)}, "seeds", (4, 5)),
        ({"seeds": range(2, 4)}, "seeds", (2, 3)),
        ({"seeds": "5:7"}, "seeds", (5, 6)),
        ({"outliers": np.array([0.0, 0.25])}, "outliers", (0.0, 0.25)),
        ({"outliers": {0.25}}, "outliers", (0.25,)),
    ],
)
def test_arguments_may_be_one_or_several(given: dict[str, Any], field: str, expected: object) -> None:
    """A value, a list, a tuple, an iterator and numpy's numbers all mean the same, and end as plain values."""
    found = getattr(small(**given).experiment.settings, field)
    assert found == expected
    items = found if isinstance(found, tuple) else (found,)
    assert {type(item) for item in items} <= {str, int, float}


def test_losses_may_differ_by_task() -> None:
    """A mapping gives each data set the losses of its task."""
    found = small(datasets=["iris", "diabetes"], losses={"multiclass": ["ce"], "regression": "huber:delta=1.35"})
    pairs = found.trials[["dataset", "loss"]].drop_duplicates().to_numpy().tolist()
    assert pairs == [["iris", "ce"], ["diabetes", "huber:delta=1.35"]]


def test_what_is_left_out_comes_from_the_config(tmp_path: Path) -> None:
    """A config is the floor, and an argument stands on it."""
    config = tmp_path / "mine.toml"
    config.write_text('datasets = ["wine"]\nlosses = ["ce"]\nseeds = 2\nepochs = 7\noutliers = [0.0]')
    found = lossbench.compare(config=config, epochs=2).experiment.settings
    assert found == make_settings(datasets=["wine"], losses=["ce"], seeds=2, epochs=2, outliers=[0.0])


@pytest.mark.parametrize(
    "bad",
    [
        {"datasets": "irris"},
        {"datasets": 3},
        {"datasets": []},
        {"losses": "hubber"},
        {"losses": "huber"},
        {"losses": [["ce"]]},
        {"models": "mlp:0"},
        {"optimizers": "adamm"},
        {"lr": 0},
        {"lr": np.nan},
        {"lr": "0.1"},
        {"l1": -1},
        {"epochs": 0},
        {"epochs": 2.5},
        {"epochs": True},
        {"batch_size": np.int64(0)},
        {"seeds": 0},
        {"seeds": 2.0},
        {"seeds": []},
        {"seeds": [-1]},
        {"seeds": [True]},
        {"seeds": "a"},
        {"outliers": 1.0},
        {"outlier_kind": "target"},
        {"outlier_kind": "noise"},
        {"config": "nowhere.toml"},
        {"engine": "fusd"},
        {"device": "tpu"},
        {"jobs": 0},
        {"jobs": 1.5},
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused_before_training(
    bad: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input is one usage error; not a single training has begun."""
    monkeypatch.setattr("lossbench.run.runner.train_and_contribute", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(lossbench.UsageError):
        small(**bad)


def test_the_frames_have_their_columns(result: lossbench.Comparison) -> None:
    """Trials, summary, pairs and curves are tidy: one row each, in the documented columns."""
    assert tuple(result.trials) == COLUMNS
    assert tuple(result.summary) == SUMMARY
    assert tuple(result.comparisons) == COMPARISONS
    assert len(result.trials) == 2 * 2 * 2 * 3
    assert len(result.summary) == 2 * 2
    assert len(result.comparisons) == 2
    assert len(result.curves) == 2 * 2 * 2 * 5


def test_the_trials_stand_in_the_order_asked_for(result: lossbench.Comparison) -> None:
    """Rows come in the order of the arguments, whatever order the trainings finished in."""
    order = result.trials[["dataset", "loss", "outlier_fraction", "seed"]]
    axes = [["iris", "diabetes"], ["mse", "mae"], [0.0, 0.2], [0, 1, 2]]
    expected = pd.MultiIndex.from_product(axes).to_frame(index=False).to_numpy().tolist()
    assert order.to_numpy().tolist() == expected


def test_a_loss_trains_the_same_alone(result: lossbench.Comparison) -> None:
    """Neither the other losses nor the other data sets of a comparison change one bit of a row."""
    alone = small(datasets="diabetes", losses="mae", outliers=[0.2], epochs=5, seeds=[2]).trials
    trials = result.trials
    row = trials[
        (trials.dataset == "diabetes")
        & (trials.loss == "mae")
        & (trials.outlier_fraction == 0.2)
        & (trials.seed == 2)
    ]
    assert_frame_equal(row.reset_index(drop=True), alone, check_exact=True)


def test_the_slow_oracle_agrees() -> None:
    """Plain PyTorch, one network at a time, gives the same scores but for rounding, from the same start."""
    setup = {"datasets": "diabetes", "losses": ["mse", "huber"], "epochs": 4}
    fused, loop = small(**setup).trials, small(engine="loop", jobs=1, **setup).trials
    scores = [name for name in METRICS if fused[name].notna().any()]
    np.testing.assert_allclose(loop[scores], fused[scores], rtol=1e-3)
    hashes = [name for name in COLUMNS if name.endswith("_hash")]
    assert_frame_equal(loop[hashes], fused[hashes])


def test_progress_is_told_of_every_trial() -> None:
    """The calls add up to the trials of each data set."""
    told: Counter[str] = Counter()
    found = small(datasets=["iris", "wine"], progress=lambda dataset, trials: told.update({dataset: trials}))
    assert told == found.trials.dataset.value_counts().to_dict()


def test_the_callers_threads_are_left_alone() -> None:
    """Training uses one thread, and hands back what the process had set."""
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        small()
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


def test_the_callers_random_numbers_are_left_alone() -> None:
    """Neither reads nor moves the global generators: every stream is lossbench's own."""
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002
    small()
    drawn = torch.rand(1).item(), np.random.random()  # noqa: NPY002
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002
    assert drawn == (torch.rand(1).item(), np.random.random())  # noqa: NPY002


def test_saving_leaves_the_promised_files(result: lossbench.Comparison, tmp_path: Path) -> None:
    """Design 9's files are there and nothing besides; a second run writes the same, but what tells of it."""
    result.save(tmp_path / "first", command="lossbench compare")
    assert {path.name for path in (tmp_path / "first").iterdir()} == FILES
    again = small(datasets=["iris", "diabetes"], losses=["mse", "mae"], outliers=[0, 0.2], epochs=5, seeds=3)
    again.save(str(tmp_path / "second"))
    for name in FILES - {"manifest.json", "report.html"}:
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes(), name


def test_all_is_made_again_from_the_trials(result: lossbench.Comparison, tmp_path: Path) -> None:
    """The tables of trials and rows that were read back are those of the comparison, to the last bit."""
    result.save(tmp_path)
    back = read_trials((tmp_path / "trials.csv").read_text(encoding="utf-8"))
    again = Findings(back, contributed=read_rows(tmp_path / "rows.npz", back))
    for name in ("summary", "comparisons", "ranks", "profiles"):
        assert_frame_equal(getattr(again, name), getattr(result, name), check_dtype=False, check_exact=True)
    curves = average_curves(back, result.raw_curves)
    assert_frame_equal(curves, result.curves, check_dtype=False, check_exact=True)


def test_a_folder_that_cannot_be_is_refused(result: lossbench.Comparison, tmp_path: Path) -> None:
    """Saving over a file is a usage error and leaves the file."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(lossbench.UsageError, match="cannot write"):
        result.save(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("dataset", "losses", "margin"),
    [("iris", ["ce", "cce"], 0.05), ("breast_cancer", ["bce", "focal:gamma=0"], 0.01)],
)
def test_a_placebo_is_equivalent(dataset: str, losses: list[str], margin: float) -> None:
    """The same function under another name is told to make no difference, and tied with itself.

    The 150 rows of iris cannot show that of a difference as small as a hundredth.
    """
    run = small(datasets=dataset, losses=losses, epochs=5, seeds=6)
    summary = Findings(run.trials, margins={"accuracy": margin}, contributed=run.contributed).summary
    placebo = summary.iloc[1]
    assert (placebo.reference, placebo.verdict) == (losses[0], "equivalent")
    assert summary.tied_with_best.all()
    assert abs(placebo.difference) < 1e-6


def test_tuning_adds_a_view_and_moves_nothing(tmp_path: Path) -> None:
    """Trials and the fixed view are those of a run without tuning; the tuned view and its grid come on top."""
    grid = {"lr": [0.001, 0.01, 0.1], "epochs": 4}
    plain, tuned = small(**grid), small(**grid, tune=True)
    assert_frame_equal(plain.trials, tuned.trials)
    assert_frame_equal(plain.summary, tuned.summary[tuned.summary["view"] == "fixed"])
    own = tuned.summary[tuned.summary["view"] == "tuned"]
    chosen = tuned.tuning[tuned.tuning.chosen]
    assert list(own.loss) == list(chosen.loss) == ["ce", "mse"]
    assert list(own.lr) == list(chosen.lr)
    tuned.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"tuning.csv", "views.csv"}
    assert plain.tuning is None


TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"]).assign(
    town=["Ulm", "Bern", "Graz"] * 20, price=lambda frame: frame.a + frame.b**2
)
BRIEF: dict[str, Any] = SMALL | {"datasets": None, "losses": ["mse", "mae"]}


def test_a_frame_has_the_numbers_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same table as CSV and as a frame of that name gives the same trials, tables and notes, byte for byte."""
    monkeypatch.chdir(tmp_path)
    TABLE.to_csv("own.csv", index=False)
    spec = "own.csv:target=price"
    of_file = lossbench.compare(**BRIEF | {"datasets": spec})
    of_frame = lossbench.compare(**BRIEF, data={spec: TABLE})
    assert_frame_equal(of_file.trials, of_frame.trials, check_exact=True)
    assert_frame_equal(of_file.summary, of_frame.summary, check_exact=True)
    assert of_file.notes == of_frame.notes
    assert any("town 3" in note for note in of_frame.notes)
    for kind in ("one", "two"):
        (of_file if kind == "one" else of_frame).save(kind)
    assert Path("one/trials.csv").read_bytes() == Path("two/trials.csv").read_bytes()


def test_tables_of_every_form_are_one(tmp_path: Path) -> None:
    """X and y, a frame and a column's name, and a pair in `data` are the same table; only its name may differ."""
    x, y = TABLE.drop(columns="price"), TABLE.price
    found = [
        lossbench.compare(x, y, **BRIEF),
        lossbench.compare(TABLE, "price", **BRIEF),
        lossbench.compare(**BRIEF, X=x, y=y),
        lossbench.compare(**BRIEF, data={"data": (x, y)}),
    ]
    for one in found[1:]:
        assert_frame_equal(one.trials, found[0].trials, check_exact=True)


def test_a_choice_on_arrays_is_that_on_the_frame() -> None:
    """X and y, or a frame and a column's name, are trained and decided as one table; a choice is on one."""
    x, y = TABLE.drop(columns="price"), TABLE.price
    first, second = (
        lossbench.choose(*given, losses=["mse", "mae"], seeds=2) for given in ((x, y), (TABLE, "price"))
    )
    assert_frame_equal(first.comparison.trials, second.comparison.trials, check_exact=True)
    assert first.decision == second.decision
    with pytest.raises(lossbench.UsageError, match="a choice is on one table, and 2 are given"):
        lossbench.choose(x, y, dataset="iris")


def test_tables_stand_beside_data_sets() -> None:
    """Several tables and named data sets are compared in one run, the tables first; `task` is of the tables."""
    tables = {"mine": (TABLE[["a", "b"]], TABLE.c > 0), "other": (TABLE[["a", "b"]], TABLE.town)}
    losses = {"multiclass": ["ce", "mse"]}
    found = lossbench.compare(
        **BRIEF | {"datasets": "iris", "losses": losses}, data=tables, task="multiclass"
    ).trials
    assert found[["dataset", "task"]].drop_duplicates().to_numpy().tolist() == [
        ["mine", "multiclass"],
        ["other", "multiclass"],
        ["iris", "multiclass"],
    ]


def test_specs_may_stand_first() -> None:
    """`compare("iris", ["ce", "mse"])` is the call with these names, and a name given twice is refused."""
    assert_frame_equal(
        lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0, models="mlp:4").trials,
        small().trials,
    )
    with pytest.raises(lossbench.UsageError, match="datasets are given twice"):
        lossbench.compare("iris", datasets="wine")
    with pytest.raises(lossbench.UsageError, match="losses are given twice"):
        lossbench.compare("iris", "ce", losses="mse")


def test_no_table_is_trained_on_before_all_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is refused is refused before any training."""
    monkeypatch.setattr("lossbench.run.runner.train_and_contribute", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(lossbench.UsageError, match="price"):
        lossbench.compare(**BRIEF | {"datasets": "iris", "losses": ["ce"]}, data={"mine": (TABLE, TABLE.price)})


def test_a_result_says_its_answer(result: lossbench.Comparison) -> None:
    """Its text, its answer's text, its page in a notebook and the report begin with the same sentences."""
    said = lead(result.answer)
    assert str(result.answer) == repr(result.answer) == "\n".join(said)
    assert " ".join(repr(result).split()).startswith(" ".join(["Comparison of 24 trainings", *said[0].split()]))
    page = result._repr_html_()
    assert page.startswith(f"<div><p>{escape(said[0])}</p>")
    assert page.count("<iframe") == 1
    assert 'sandbox="allow-scripts allow-downloads"' in page


def test_data_sets_and_losses_are_listed() -> None:
    """There is a row for every data set, and for every loss on every task."""
    assert lossbench.datasets().dataset.tolist() == [record.name for record in records()]
    listed = lossbench.losses()
    assert [*zip(listed.loss, listed.task, strict=True)] == [(one.name, one.task) for one in catalogue()]
