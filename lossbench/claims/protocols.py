"""The terms of every trial by training, which the catalogue fixes for all claims: protocols, seeds, margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lossbench.task import Task


@dataclass(frozen=True)
class Protocol:
    """One way to train, by which the documents may have got their numbers; they do not say.

    Args:
        name: sgd, adam or tuned.
        about: what it is, in a few words.
        optimizer: spec of the optimiser.
        lr: the learning rates of each task; several only where each loss gets its own of them.
        tune: whether it does.
    """

    name: str
    about: str
    optimizer: str
    lr: Mapping[Task, tuple[float, ...]]
    tune: bool = False

    def axes(self, task: Task) -> dict[str, Any]:
        """Return the settings of an experiment on a task."""
        return {"optimizers": [self.optimizer], "lr": list(self.lr[task]), "tune": self.tune}


@dataclass(frozen=True)
class Terms:
    """What is the same for all claims; see `configs/claims.toml`.

    Args:
        protocols: by name, in the order of the report.
        model: spec of the network, where an experiment does not need another.
        batch_size: rows a step.
        epochs: passes over the training rows.
        seeds: how many repetitions.
        quick_epochs: likewise, for a first look.
        quick_seeds: likewise.
        margins: the difference that is too small to matter, by score.
        readings: the losses that a name of the documents may stand for; those that serve a task are tried.
    """

    protocols: Mapping[str, Protocol]
    model: str
    batch_size: int
    epochs: int
    seeds: int
    quick_epochs: int
    quick_seeds: int
    margins: Mapping[str, float]
    readings: Mapping[str, tuple[str, ...]]


def make_terms(tables: Mapping[str, Any]) -> Terms:
    """Return the terms that the shipped catalogue states.

    Args:
        tables: study, protocols, margins and readings, as `tomllib` read them.
    """
    protocols = {name: Protocol(name, **table) for name, table in tables["protocols"].items()}
    return Terms(protocols, **tables["study"], margins=tables["margins"], readings=tables["readings"])
