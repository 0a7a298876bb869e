"""What rows contribute to a finished run: their means are its scores, from training and from the store alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lossbench
from lossbench import Comparison
from lossbench.data.fold import make_fold
from lossbench.metrics.scores import metrics_of
from lossbench.stats.row_scores import RowScores

BRIEF = {"models": "linear", "seeds": 3, "epochs": 2, "cache": True, "jobs": 1}
GROUPED = "x,who,y\n" + "".join(f"{i % 7}.5,{i // 3},{i % 2}\n" for i in range(60))


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a table of sixty rows, three of each person, and a store of its own."""
    monkeypatch.setenv("LOSSBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "visits.csv").write_text(GROUPED)
    return f"{tmp_path}/visits.csv:target=y:group=who"


def rows_of(run: Comparison) -> RowScores:
    """Return what the rows of a run contribute."""
    assert run.contributed is not None
    return run.contributed


def test_rows_have_the_scores_of_the_trials_as_their_means(table: str) -> None:
    """Of a table's trials at the least and the largest share, for every metric of its task; laws have no rows."""
    run = lossbench.compare(["iris", table, "moons:rows=60"], ["mse", "mae"], outliers=[0, 0.1, 0.2], **BRIEF)
    found, trials = rows_of(run), run.trials
    judged = trials[(trials.outlier_fraction != 0.1) & (trials.sampling == "resplit")]
    assert np.unique(found.trial).tolist() == judged.index.tolist()
    for place in judged.index:
        mine = found.trial == place
        assert mine.sum() == trials.test_rows[place]
        for metric in metrics_of(trials.task[place]):
            mean = found.values[metric.name][mine].mean(dtype=float)
            np.testing.assert_allclose(mean, float(trials[metric.name][place]), rtol=1e-5, atol=1e-6)


def test_units_are_the_rows_of_the_split_or_their_groups(table: str) -> None:
    """The numbers are those of the fold's test rows; where a group is kept together, its own."""
    run = lossbench.compare(["iris", table], ["mse", "mae"], outliers=0, **BRIEF)
    found = rows_of(run)
    for setup in run.experiment.setups:
        place = run.trials.index[(run.trials.dataset == setup.dataset.name) & (run.trials.seed == 1)][0]
        mine, rows = found.trial == place, make_fold(setup.dataset, 1).test.rows
        groups = setup.dataset.groups
        assert found.unit[mine].tolist() == (rows if groups is None else groups[rows]).tolist()
        assert found.grouped[mine].all() == (groups is not None)
    assert run.summary.groupby("dataset").unit.last().to_dict() == {"iris": "row", table: "group"}


@pytest.mark.parametrize(
    ("dataset", "losses", "options"),
    [
        (None, ["mse", "mae"], {}),
        ("multilabel", ["mse", "bce"], {"threshold": "f1"}),
        ("digits_but", ["mse", "mae"], {"models": "mlp:8"}),
        ("diabetes", ["mse", "mae"], {"lr": [0.1, 1e6], "optimizers": "sgd", "outliers": [0, 0.1, 0.2]}),
        ("breast_cancer", ["bce", "exponential"], {"lr": [0.3, 1.0], "tune": True, "epochs": 9}),
    ],
    ids=["groups", "thresholds of labels", "anomalies", "diverged", "tuned"],
)
def test_what_is_stored_says_as_much_as_what_is_trained(
    table: str, dataset: str | None, losses: list[str], options: dict[str, object]
) -> None:
    """Contributions are computed where a network is trained; a rerun from the store has the same to the bit."""
    how = BRIEF | {"outliers": 0} | options
    first, again = (lossbench.compare(dataset or table, losses, **how) for _ in range(2))
    assert first.cached == 0
    assert len(again.trials) <= again.cached
    for name, values in rows_of(first).values.items():
        assert values.tobytes() == rows_of(again).values[name].tobytes()
    assert first.comparisons.equals(again.comparisons)
