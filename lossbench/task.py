"""The kinds of problem that a data set poses and a loss is made for."""

from __future__ import annotations

from typing import Literal, get_args

Task = Literal[
    "regression", "binary", "multiclass", "multilabel", "segmentation", "distribution", "anomaly", "embedding"
]
TASKS: tuple[Task, ...] = get_args(Task)

VALUED: tuple[Task, ...] = ("regression", "distribution")
"""The tasks whose targets are numbers; in all others the targets are classes or labels."""

AVERAGED: tuple[Task, ...] = (*VALUED, "segmentation")
"""The tasks in which a loss averages over outputs; in all others it sums over them."""
