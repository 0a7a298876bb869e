"""Which score a data set is judged by, and what is refused before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.data import load_dataset
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName, UsageError
from lossbench.metrics.scores import metrics_of, primary_score, undefined_rows
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.judged import judged, refuse_unused_margins
from lossbench.plan.settings import make_settings
from lossbench.schema import METRICS

names = st.lists(st.sampled_from(list(METRICS)), unique=True)
DATASETS = ("moons", "imbalanced", "iris", "multilabel", "diabetes")


def planned(datasets: list[str], **changes: object) -> Experiment:
    """Plan a small experiment."""
    return plan(make_settings(datasets=datasets, **({"seeds": 1, "outliers": 0} | changes)))


@given(name=st.sampled_from(DATASETS), scores=names)
def test_the_first_score_that_a_task_has_is_judged(name: str, scores: list[str]) -> None:
    """Without any, it is the data set's own; with none of its task's, it is refused, and these are listed."""
    dataset = load_dataset(name)
    own = [metric.name for metric in metrics_of(dataset.task)]
    fitting = [score for score in scores if score in own]
    if fitting or not scores:
        assert primary_score(judged(dataset, scores)) == [*fitting, primary_score(dataset)][0]
    else:
        with pytest.raises(BadValue, match=f"'{name}' is {dataset.task}, .*{', '.join(own)}"):
            judged(dataset, scores)


def test_nothing_named_leaves_a_data_set_as_it_is() -> None:
    """Its own score is no other one, so what is stored of it stays good."""
    imbalanced = load_dataset("imbalanced")
    assert judged(imbalanced, []) is judged(imbalanced, ["balanced_accuracy"]) is imbalanced


@pytest.mark.parametrize(
    ("scores", "error", "words"),
    [
        (["mapee"], UnknownName, "unknown score 'mapee'; did you mean 'mape'"),
        (["roc_aucc", "mae"], UnknownName, "did you mean 'roc_auc'"),
        (["accuracy"], UnknownName, "unknown regression score 'accuracy'"),
        (["r2", "f1"], UnknownName, "unknown regression score 'f1'"),
    ],
)
def test_a_score_that_nothing_has_is_refused(scores: list[str], error: type[UsageError], words: str) -> None:
    """It may be misspelt, or of tasks that are not there; the nearest one is named."""
    with pytest.raises(error, match=words):
        planned(["diabetes"], score=scores)


def test_a_score_in_a_config_is_refused_with_its_line(tmp_path: Path) -> None:
    """As any other value is."""
    path = tmp_path / "mine.toml"
    path.write_text('epochs = 3\nscore = ["r3"]\n')
    with pytest.raises(UnknownName, match=r"mine.toml line 2, key 'score': unknown score 'r3'; did you mean 'r2'"):
        make_settings(path)
    path.write_text('score = "mae"\n')
    assert make_settings(path).score == ("mae",)
    assert make_settings(path, score=["r2"]).score == ("r2",)
    assert make_settings().score == make_settings(score=[]).score == ()


def test_an_undefined_score_is_refused_with_its_rows(write: Callable[..., Path]) -> None:
    """A relative error has no value where a target is zero; the message has the rows, and other scores do."""
    path = write("x,y\n" + "".join(f"{i},{i % 7}\n" for i in range(40)), name="counts.csv")
    spec, where = f"{path}:target=y:task=regression", r"row 1, 8, 15, 22, 29 and 1 more .* the target is 0;"
    with pytest.raises(BadValue, match=f"cannot be judged by mape, which is undefined in {where}"):
        planned([spec], score=["mape"], losses=["mse"])
    assert planned([spec], score=["rmse"], losses=["mse"]).datasets[0].judged == METRICS["rmse"]


@pytest.mark.parametrize("name", DATASETS)
def test_undefined_rows_are_those_without_a_value(name: str) -> None:
    """The data sets of the catalogue have every score of their task; only a zero target lacks one."""
    dataset = load_dataset(name)
    for metric in metrics_of(dataset.task):
        assert undefined_rows(metric.name, dataset).tolist() == []
    if dataset.task == "regression":
        dataset.target.setflags(write=True)
        kept = dataset.target[[3, 8]].copy()
        dataset.target[[3, 8]] = 0.0
        found = undefined_rows("mape", dataset)
        dataset.target[[3, 8]] = kept
        dataset.target.setflags(write=False)
        np.testing.assert_array_equal(found, [3, 8])


def test_a_loss_without_probabilities_is_not_judged_by_them() -> None:
    """Named, it is refused; of a task's list it is left out with the reason; a ranking is enough for the AUC."""
    with pytest.raises(LossDoesNotFit, match="'hinge' estimates no probability, so it has no brier"):
        planned(["iris"], score=["brier"], losses=["ce", "hinge"])
    experiment = planned(["iris"], score=["log_loss"])
    assert [(skip.dataset, skip.loss) for skip in experiment.skipped] == [("iris", "hinge")]
    assert not planned(["iris"], score=["roc_auc"]).skipped


@pytest.mark.parametrize("margin", [0.0, -0.01, np.nan, np.inf])
def test_a_margin_is_above_zero_and_finite(margin: float) -> None:
    """Anything else is refused, with its name."""
    with pytest.raises(BadValue, match=r"margins\.r2: .* is out of range; give a number above zero"):
        make_settings(margins={"r2": margin})


def test_a_margin_of_what_is_not_judged_is_refused() -> None:
    """It would change nothing; the scores that are judged are listed, and so is the time to the target."""
    datasets = planned(["iris", "diabetes"], score=["mae", "f1"]).datasets
    refuse_unused_margins({"mae": 2.0, "f1": 0.05, "epochs_to_target": 3.0}, datasets)
    with pytest.raises(BadValue, match=r"judged by r2, .* of what is judged: f1, mae, epochs_to_target"):
        refuse_unused_margins({"r2": 0.02}, datasets)
