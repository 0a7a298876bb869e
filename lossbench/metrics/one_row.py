"""Rows that a test part might have had besides: each class, or label, once, decided right and decided wrong."""

from __future__ import annotations

import numpy as np

from lossbench.metrics.prediction import Prediction, predict
from lossbench.task import Task

DECIDED: tuple[Task, ...] = ("binary", "multiclass", "multilabel")
"""The tasks whose rows are decided right or wrong."""


def one_more(prediction: Prediction) -> tuple[np.ndarray, Prediction, Prediction]:
    """Return the targets of such rows, (1, k) or (1, k, labels), and what decides them right, and wrong.

    Of two classes there is a row of each, taken for the other one; of several, each is taken for the next. Of
    labels, each is missed once where it is, and called once where no label is.

    Example:
        >>> target, right, wrong = one_more(predict(np.zeros((1, 4, 1)), "sigmoid", "binary"))
        >>> target, right.decision, wrong.decision
        (array([[0, 1]]), array([[0., 1.]]), array([[1., 0.]]))
    """
    columns = prediction.raw.shape[-1]
    if prediction.task == "multilabel":
        each, none = np.eye(columns, dtype=np.int64), np.zeros((columns, columns), dtype=np.int64)
        right, wrong = np.concatenate([each, none]), np.concatenate([none, each])
        target = right
    elif prediction.task == "binary":
        target = np.arange(2)
        right, wrong = target[:, None], 1 - target[:, None]
    else:
        target, right = np.arange(columns), np.eye(columns, dtype=np.int64)
        wrong = np.roll(right, 1, axis=1)
    return target[None], _decided(right, prediction.task), _decided(wrong, prediction.task)


def _decided(outputs: np.ndarray, task: Task) -> Prediction:
    """Return the prediction of one model whose raw outputs (k, outputs) are 1 where it says yes."""
    return predict(2.0 * outputs[None] - 1.0, "margin", task)
