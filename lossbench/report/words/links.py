"""How raw outputs are read, by link."""

from __future__ import annotations

from collections.abc import Mapping

from lossbench.losses.record import Link
from lossbench.task import Task

READINGS: Mapping[Link, str] = {
    "identity": "the raw output is the prediction",
    "softplus": "softplus(raw output) is the prediction",
    "location": "the first half of the raw outputs is the prediction, the rest says how wide its spread is",
    "sigmoid": "sigmoid(raw output) is read as the probability",
    "softmax": "softmax(raw outputs) are read as the probabilities",
    "clip": "the raw output, cut to [0, 1], is read as the probability",
    "signed": "(1 + raw output) / 2, cut to [0, 1], is read as the probability",
    "margin": "a raw output above 0 is the positive class; it is no probability",
    "embedding": "what the network puts out is the embedding of a row, of length one where it is scored",
}

LARGEST = "the largest raw output is the class; none is a probability"
"""How those of a multiclass loss without probabilities are read."""


def reading(link: Link, task: Task) -> str:
    """Return how the raw outputs of a loss are read.

    Example:
        >>> reading("margin", "multiclass")
        'the largest raw output is the class; none is a probability'
    """
    return LARGEST if (link, task) == ("margin", "multiclass") else READINGS[link]
