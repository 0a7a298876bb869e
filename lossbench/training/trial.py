"""A trial: one training, described by plain data."""

from __future__ import annotations

from dataclasses import dataclass

from lossbench.task import Task


@dataclass(frozen=True)
class Trial:
    """One training of one network. The fields are the first columns of `trials.csv`, in the same order.

    Args:
        dataset: spec of the data set, as the user gave it.
        task: the data set's task.
        model: spec of the network, such as "mlp:64,32:tanh".
        loss: spec of the loss, as the user gave it.
        optimizer: spec of the optimiser, such as "sgd:momentum=0.9".
        lr: learning rate.
        l1: factor of the sum of the absolute weights in the cost.
        l2: factor of the sum of the squared weights in the cost.
        batch_size: rows per step.
        epochs: passes over the training rows.
        outlier_kind: one of `lossbench.data.KINDS`, or "none" where nothing is contaminated.
        outlier_fraction: share of the training rows (or labels) that are contaminated.
        seed: the repetition; it fixes split, initial weights, batch order and contamination.
    """

    dataset: str
    task: Task
    model: str
    loss: str
    optimizer: str
    lr: float
    l1: float
    l2: float
    batch_size: int
    epochs: int
    outlier_kind: str
    outlier_fraction: float
    seed: int
