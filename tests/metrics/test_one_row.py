"""What one row may count in a score of decisions, held to scores of one row more."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from lossbench.metrics.one_row import one_more
from lossbench.metrics.own.called import OwnScore
from lossbench.metrics.own.locate import locate
from lossbench.metrics.own.named import read_named
from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import function_of
from lossbench.schema import METRICS, UNEVEN

SKLEARN = {
    "f1": lambda y, s: theirs.f1_score(y, s, zero_division=0.0),
    "precision": lambda y, s: theirs.precision_score(y, s, zero_division=0.0),
    "recall": lambda y, s: theirs.recall_score(y, s, zero_division=0.0),
    "balanced_accuracy": theirs.balanced_accuracy_score,
    "matthews_corrcoef": theirs.matthews_corrcoef,
    "cohen_kappa": theirs.cohen_kappa_score,
}


def test_there_is_an_oracle_for_each() -> None:
    """No metric in which rows count unevenly is left out here."""
    assert set(SKLEARN) == set(UNEVEN)


@pytest.mark.parametrize("score", UNEVEN)
@pytest.mark.parametrize("said", [0, 3, 40])
def test_it_is_what_scikit_learn_says_of_one_row_more(score: str, said: int) -> None:
    """The largest difference between one more row decided right and decided wrong, times all rows."""
    target, decision = (np.arange(40) < 4).astype(int), (np.arange(40) < said).astype(int)
    found = function_of(METRICS[score]).of_one_row(target[None], decided(decision))
    apart = [
        SKLEARN[score](np.append(target, label), np.append(decision, label))
        - SKLEARN[score](np.append(target, label), np.append(decision, 1 - label))
        for label in (0, 1)
    ]
    assert found == pytest.approx([41 * max(np.abs(apart))])


def test_a_row_of_the_accuracy_counts_once_and_a_rare_one_more() -> None:
    """One row is one row of the accuracy; of 4 positives in 40, each more is a fifth of the recall."""
    target, seen = (np.arange(40) < 4).astype(int)[None], decided(np.zeros(40, int))
    assert function_of(METRICS["accuracy"]).of_one_row(target, seen) == [1.0]
    assert function_of(METRICS["recall"]).of_one_row(target, seen) == pytest.approx([41 / 5])


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_one_row_more_is_decided_right_or_wrong(task: str) -> None:
    """Every class or label is there, right is the target, and wrong is wrong of every row."""
    target, right, wrong = one_more(predict(np.zeros((1, 5, 1 if task == "binary" else 3)), "margin", task))
    assert (right.decision == target).all()
    differs = wrong.decision != target
    assert (differs.any(axis=-1) if task == "multilabel" else differs).all()


def test_a_copy_of_a_score_counts_as_the_score_does() -> None:
    """scikit-learn's F1 as a metric of the run's own has the steps of the built-in one."""
    named = read_named("sklearn.metrics:f1_score:higher")
    target, seen = (np.arange(40) < 4).astype(int)[None], decided((np.arange(40) < 3).astype(int))
    mine, built_in = OwnScore(named, locate(named)), function_of(METRICS["f1"])
    np.testing.assert_allclose(mine.of_one_row(target, seen), built_in.of_one_row(target, seen))


def decided(decision: np.ndarray):
    """Return the prediction of one model that decides so, (rows,)."""
    return predict(2.0 * decision[None, :, None] - 1.0, "margin", "binary")
