"""One more row for a test part: of each class, or label, decided right and decided wrong."""

from __future__ import annotations

import numpy as np

from lossbench.metrics.prediction import Prediction, predict
from lossbench.task import Task

DECIDED: tuple[Task, ...] = ("binary", "multiclass", "multilabel")
"""The tasks whose rows are decided right or wrong."""


def one_more(prediction: Prediction) -> tuple[np.ndarray, Prediction, Prediction]:
    """Return the targets of such rows, (1, k) or (1, k, labels), a right and a wrong prediction of them.

    With two classes there is a row of each, mistaken for the other; with several, each is mistaken for the next.
    With labels, each is once missed where it is present, and once predicted where no label is present.

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
    """Return the prediction of one model that says yes where outputs (k, outputs) are 1."""
    return predict(2.0 * outputs[None] - 1.0, "margin", task)
