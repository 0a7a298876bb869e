"""The kinds of problem that a data set poses and a loss is made for."""

from __future__ import annotations

from typing import Literal, get_args

Task = Literal["regression", "binary", "multiclass", "multilabel", "embedding"]
TASKS: tuple[Task, ...] = get_args(Task)
