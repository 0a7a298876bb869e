"""The settings of an experiment: a TOML file, then options on top.

All defaults are in `configs/default.toml`. A config names only what it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from lossbench.errors import BadValue
from lossbench.losses.registry import core_losses
from lossbench.metrics.cost import COST, Costs, cost_spec
from lossbench.plan.config import read_config
from lossbench.plan.custom import with_custom
from lossbench.plan.gate import Gate
from lossbench.plan.grids import has_grid
from lossbench.plan.keys import RUN_KEYS, read_key
from lossbench.plan.protocol import OWN, Protocols, protocol_of
from lossbench.plan.search import ADAPTIVE, SAMPLERS
from lossbench.plan.toml import Place
from lossbench.spoken import option
from lossbench.task import TASKS, Task

USUAL_SAMPLER = SAMPLERS[0]


@dataclass(frozen=True)
class Settings:
    """An experiment as the user states it, before anything is loaded; see `configs/default.toml`.

    Args:
        datasets: specs of the data sets.
        losses: specs of the losses: one list for all data sets, or one for each task.
        models: specs of the networks.
        optimizers: specs of the optimisers.
        schedule: specs of rate schedules, with gradient clipping and early stopping.
        lr: learning rates.
        tune: whether each loss is also shown at its own best rate.
        tune_budget: the number of settings that a search tries for each loss: rates between the smallest and the
            largest, and values of the tuned parameter; 0 for the named rates only.
        sampler: the sampler that chooses these settings, one of `lossbench.plan.search.SAMPLERS`.
        l1: strengths of the L1 penalty.
        l2: strengths of the L2 penalty.
        batch_size: rows per step.
        epochs: passes over the training rows.
        seeds: the repetitions.
        outliers: shares of the training part that are contaminated.
        outlier_kind: "auto", or one of `lossbench.data.KINDS`.
        score: the scores to judge and tune by: a data set takes the first that its task has, or its own where none
            is named. Names, or specs of a user's functions, see `lossbench.metrics.own.named`, or of costs, see
            `lossbench.metrics.cost`.
        threshold: "link" for each link's own class threshold, or the score that chooses one for each training.
        protocol: by data set, the settings of its own; see `lossbench.plan.protocol`.
        margins: by score, the difference that is too small to matter.
        gate: how a run is compared with a baseline.
    """

    datasets: tuple[str, ...]
    losses: tuple[str, ...] | Mapping[Task, tuple[str, ...]]
    models: tuple[str, ...]
    optimizers: tuple[str, ...]
    schedule: tuple[str, ...]
    lr: tuple[float, ...]
    tune: bool
    tune_budget: int
    sampler: str
    l1: tuple[float, ...]
    l2: tuple[float, ...]
    batch_size: int
    epochs: int
    seeds: tuple[int, ...]
    outliers: tuple[float, ...]
    outlier_kind: str
    score: tuple[str, ...]
    threshold: str
    protocol: Protocols
    margins: Mapping[str, float]
    gate: Gate

    @property
    def adaptive(self) -> bool:
        """Whether the search is adaptive: its later settings depend on the results of earlier ones."""
        return self.sampler == ADAPTIVE

    def losses_for(self, task: Task) -> tuple[str, ...]:
        """Return the losses named for a task."""
        return self.losses.get(task, ()) if isinstance(self.losses, Mapping) else self.losses

    def on(self, dataset: str) -> Settings:
        """Return the settings for one data set, with its own in place of the common ones."""
        own = protocol_of(self.protocol, dataset)
        return replace(self, **{name: own[name] for name in OWN if name in own})


def make_settings(config: str | Path | None = None, **changes: Any) -> Settings:
    """Return the default settings, changed by a config and then by the caller.

    Args:
        config: a path, or the name of a shipped config, such as "quick".
        changes: fields of `Settings`, and "costs"; None leaves a field as it is.

    Raises:
        ConfigError: the config cannot be read, or has a value of the wrong type.
        UnknownName: a key does not exist.
        BadValue: a value is out of range.

    Example:
        >>> make_settings("quick", seeds=2).seeds
        (0, 1)
    """
    values: dict[str, Any] = {}
    for name in dict.fromkeys(("default", "default" if config is None else config)):
        place, table = read_config(name)
        _change(values, {key: read_key(value, place.inside(key)) for key, value in table.items()})
    given = {key: value for key, value in changes.items() if value is not None}
    _change(values, {key: read_key(value, Place((key,))) for key, value in given.items()})
    custom, costs = values.pop("loss", ()), values.pop("costs", ())
    if isinstance(values["losses"], Mapping):
        values["losses"] = {task: core_losses(task) for task in TASKS} | dict(values["losses"])
    values["losses"] = with_custom(values["losses"], custom, append="losses" not in given)
    values["score"] = with_costs(values["score"], costs)
    values |= _tuning(values) | {"gate": Gate(**values["gate"])}
    return Settings(**{key: value for key, value in values.items() if key not in RUN_KEYS})


def _change(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    # What is changed for all data sets leaves none its own.
    values["protocol"] = {} if any(name in changes for name in OWN) else values.get("protocol", {})
    for key, value in changes.items():
        both_tables = isinstance(value, Mapping) and isinstance(values.get(key), Mapping)
        # A table changes only the entries that it names.
        values[key] = {**values[key], **value} if both_tables else value


def _tuning(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether losses are tuned, which a grid implies, and the number of settings of a search."""
    tune, losses = values["tune"], values["losses"]
    budget = values["tune_budget"] if isinstance(tune, bool) else tune
    if values["sampler"] != USUAL_SAMPLER and not budget:
        shown = option("tune", "budget=64")
        raise BadValue(f"sampler {values['sampler']} needs a search; give its budget, as {shown}")
    listed = losses.values() if isinstance(losses, Mapping) else [losses]
    return {"tune": bool(tune or budget) or any(map(has_grid, chain(*listed))), "tune_budget": budget}


def with_costs(scores: tuple[str, ...], costs: Costs) -> tuple[str, ...]:
    """Put the costs into the score "cost".

    Raises:
        BadValue: the score "cost" is not named.

    Example:
        >>> with_costs(("cost",), ((0, 1), (10, 0)))
        ('cost:costs=[[0.0,1.0],[10.0,0.0]]',)
    """
    if costs and COST not in scores:
        shown = option("score", COST)
        raise BadValue(f"costs count only for the score cost; add {shown}, or leave the costs out")
    return tuple(cost_spec(costs) if name == COST and costs else name for name in scores)
