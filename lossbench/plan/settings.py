"""What an experiment is made of, as a user says it: a TOML file, then options on top.

`configs/default.toml` is the one place where defaults stand. A config names only what it changes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from lossbench.data.catalogue import check_dataset
from lossbench.errors import BadValue, ConfigError, UnknownName, UsageError
from lossbench.losses.custom.locate import check_name
from lossbench.losses.registry import core_losses
from lossbench.metrics.cost import COST, Costs, cost_spec, is_cost, read_costs
from lossbench.metrics.own.named import names_own
from lossbench.plan.gate import Gate, Policies, Rule, parse_rules
from lossbench.plan.grids import has_grid
from lossbench.plan.protocol import OWN, WHY, Protocols, overridden, protocol_of
from lossbench.plan.search import FEWEST, SAMPLERS
from lossbench.plan.search import MOST as MOST_SETTINGS
from lossbench.plan.toml import Place, read_as, read_table, read_toml
from lossbench.schema import METRICS, THRESHOLDS, is_own
from lossbench.spec import title
from lossbench.task import TASKS, Task

LINK = "link"
"""The word for a class threshold that is the link's own."""

USUAL_SAMPLER = SAMPLERS[0]

SHIPPED = ("default", "quick", "segmentation", "distribution", "anomaly", "embedding")
MANNER = ("backend", "address")
"""The keys that say how an experiment is run, and nothing of what it is; see `lossbench.plan.where`."""
CUSTOM_LOSS = dict.fromkeys(("label", "loss", "convention", "gets", "target", "link"), str) | {"task": Task}
GATE = get_type_hints(Policies) | {"rules": list}
RULE = dict.fromkeys(("rule", "dataset", "loss"), str)
MARGINS = dict.fromkeys((*METRICS, "epochs_to_target"), float)
"""The keys of a `[[loss]]` table, of a `[gate]` table, of a rule in it, and of `[margins]`, with their types."""

MOST = {"epochs": 1_000_000, "batch_size": 1_000_000_000, "seeds": 100_000}
LAST_SEED = 2**31 - 1
"""The largest values: what is beyond is a slip of the keyboard, and would fill any memory."""


@dataclass(frozen=True)
class Settings:
    """An experiment as the user states it, before anything is loaded; see `configs/default.toml`.

    Args:
        datasets: specs of the data sets.
        losses: specs of the losses: one list for all data sets, or one for each task.
        models: specs of the networks.
        optimizers: specs of the optimisers.
        schedule: specs of how the rate moves over the epochs, gradients are clipped and trainings end early.
        lr: learning rates.
        tune: whether each loss is also shown at its own of these rates.
        tune_budget: how many settings of each loss are then tried, of rates between the smallest and the largest
            and of the parameter that is tuned; 0 where that is left to the rates that are named.
        sampler: by what such settings are chosen: one of `lossbench.plan.search.SAMPLERS`.
        l1: strengths of the L1 penalty.
        l2: strengths of the L2 penalty.
        batch_size: rows a step.
        epochs: passes over the training rows.
        seeds: the repetitions.
        outliers: shares of the training part that are contaminated.
        outlier_kind: "auto", or one of `lossbench.data.KINDS`.
        score: what is judged, and tuned by: the first that a data set's task has; none for its own. Names, or
            specs of functions of the user's own, see `lossbench.metrics.own.named`, or of costs, see
            `lossbench.metrics.cost`.
        threshold: "link" for each link's own class threshold, or the score that chooses one for each training.
        protocol: by data set, what it has of its own; see `lossbench.plan.protocol`.
        margins: by score, the difference that is too small to matter.
        gate: how a run is held against a baseline.
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

    def losses_for(self, task: Task) -> tuple[str, ...]:
        """Return the losses named for a task."""
        return self.losses.get(task, ()) if isinstance(self.losses, Mapping) else self.losses

    def on(self, dataset: str) -> Settings:
        """Return the settings as they hold on one data set."""
        own = protocol_of(self.protocol, dataset)
        return replace(self, **{name: own[name] for name in OWN if name in own})


def make_settings(config: str | Path | None = None, **changes: Any) -> Settings:
    """Return the default experiment with a config's changes and then the caller's.

    Args:
        config: a path, or the name of a shipped config, such as "quick".
        changes: fields of `Settings`, and "costs"; None leaves a field as it is.

    Raises:
        ConfigError: a config that cannot be read or has a value of the wrong type.
        UnknownName: a key that does not exist.
        BadValue: a value out of range.

    Example:
        >>> make_settings("quick", seeds=2).seeds
        (0, 1)
    """
    values: dict[str, Any] = {}
    for name in dict.fromkeys(("default", "default" if config is None else config)):
        place, table = read_toml(name, SHIPPED)
        _change(values, {key: _read(value, place.inside(key)) for key, value in table.items()})
    given = {key: value for key, value in changes.items() if value is not None}
    _change(values, {key: _read(value, Place((key,))) for key, value in given.items()})
    custom = values.pop("loss", ())
    if isinstance(values["losses"], Mapping):
        values["losses"] = {task: core_losses(task) for task in TASKS} | dict(values["losses"])
    values["losses"] = with_custom(values["losses"], custom, append="losses" not in given)
    listed = values["losses"].values() if isinstance(values["losses"], Mapping) else [values["losses"]]
    for key in MANNER:
        values.pop(key, None)
    values["score"] = with_costs(values["score"], values.pop("costs", ()))
    if not isinstance(values["tune"], bool):
        values["tune_budget"] = values["tune"]
    values["tune"] = bool(values["tune"] or values["tune_budget"])
    values["tune"] |= any(has_grid(spec) for specs in listed for spec in specs)
    if values["sampler"] != USUAL_SAMPLER and not values["tune_budget"]:
        raise BadValue(f"sampler {values['sampler']} is of a search: say how many settings, as --tune budget=64")
    return Settings(**values | {"gate": Gate(**values["gate"])})


def _change(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    values["protocol"] = overridden(values.get("protocol", {}), changes)
    for key, value in changes.items():
        both_tables = isinstance(value, Mapping) and isinstance(values.get(key), Mapping)
        # A table changes only the entries that it names.
        values[key] = {**values[key], **value} if both_tables else value


class CustomLoss(NamedTuple):
    """A `[[loss]]` table of a config: label, spec with label and statements, and the only task that it is for."""

    label: str
    spec: str
    task: str | None


def with_custom(losses: Any, custom: Sequence[CustomLoss], append: bool) -> Any:
    """Put the losses of `[[loss]]` tables where they are named by their labels, and the others last.

    Args:
        losses: one list, or one for each task.
        custom: the tables.
        append: False where the caller names the losses, so that only those run.

    Raises:
        BadValue: two losses that would be called the same in tables.

    Example:
        >>> mine = CustomLoss("mine", "my_losses.py:f:@label=mine", None)
        >>> with_custom(("mine", "mse"), [mine], append=True)
        ('my_losses.py:f:@label=mine', 'mse')
    """
    last = custom if append else ()
    if not isinstance(losses, Mapping):
        return _joined(losses, custom, last)
    return {
        task: _joined(names, custom, [loss for loss in last if loss.task in (None, task)])
        for task, names in losses.items()
    }


def _joined(names: Sequence[str], custom: Sequence[CustomLoss], last: Sequence[CustomLoss]) -> tuple[str, ...]:
    specs = {loss.label: loss.spec for loss in custom}
    joined = tuple(dict.fromkeys([*(specs.get(name, name) for name in names), *(loss.spec for loss in last)]))
    for name, count in Counter(map(title, joined)).items():
        if count > 1:
            raise BadValue(f"losses: {count} of them are called '{name}'; give them different labels")
    return joined


@contextmanager
def at(place: Place) -> Iterator[None]:
    """Say in an error where the refused value stands."""
    try:
        yield
    except UsageError as error:
        error.args = (f"{place}: {error}",)
        raise


@contextmanager
def placed(config: str | Path | None) -> Iterator[None]:
    """Add to an error the line of the user's config where the refused name stands.

    Args:
        config: as for `make_settings`; nothing is said of a shipped one.
    """
    try:
        yield
    except UsageError as error:
        if error.about is None or config is None or config in SHIPPED:
            raise
        place = find_place(error.about, *read_toml(config))
        with at(place) if place else nullcontext():
            raise


def find_place(name: str, place: Place, values: Mapping[str, Any]) -> Place | None:
    r"""Return the place of a name, or of its label, in a table; None where it is not there.

    Args:
        name: the spec of a data set, loss, model or optimiser.
        place: of the table.
        values: of the table.

    Example:
        >>> place = Place((), "a.toml", "[losses]\nbinary = ['mse', 'mze']")
        >>> str(find_place("mze", place, {"losses": {"binary": ["mse", "mze"]}}))
        "a.toml line 2, key 'losses.binary'"
    """
    for key, value in values.items():
        inside = place.inside(key)
        items = value if isinstance(value, list) else [value]
        if name in items or title(name) in items:
            return inside
        tables = [(inside.table(n) if isinstance(value, list) else inside, item) for n, item in enumerate(items)]
        found = (find_place(name, *table) for table in tables if isinstance(table[1], Mapping))
        if first := next(filter(None, found), None):
            return first
    return None


def _read(value: Any, place: Place) -> Any:
    key = place.keys[0]
    if key not in _READERS:
        raise UnknownName("key", key, _READERS, where=f"{place.file} line {place.line}" if place.file else "")
    return _READERS[key](value, place)


def _texts(value: Any, place: Place) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Sequence) or not items or not all(isinstance(item, str) for item in items):
        raise place.wrong(value, "a list of names")
    return tuple(dict.fromkeys(items))


def _scores(value: Any, place: Place) -> tuple[str, ...]:
    """Read the names of scores; none leaves each data set its own."""
    names = _texts(value, place) if value not in ([], ()) else ()
    for name in names:
        if name not in METRICS and not is_cost(name) and not names_own(name):
            raise UnknownName("score", name, (*METRICS, COST), where=str(place) if place.file else "")
    return names


def _costs(value: Any, place: Place) -> Costs:
    """Read a matrix of costs; none, as of no score."""
    if value in ([], ()):
        return ()
    with at(place):
        return read_costs(value)


def with_costs(scores: tuple[str, ...], costs: Costs) -> tuple[str, ...]:
    """Put costs into the score that is of them.

    Raises:
        BadValue: there is no such score.

    Example:
        >>> with_costs(("cost",), ((0, 1), (10, 0)))
        ('cost:costs=[[0.0,1.0],[10.0,0.0]]',)
    """
    if costs and COST not in scores:
        raise BadValue("costs change nothing unless they are judged by; add --score cost, or leave --costs out")
    return tuple(cost_spec(costs) if name == COST and costs else name for name in scores)


def _threshold(value: Any, place: Place) -> str:
    """Read what chooses class thresholds."""
    name = read_as(str, value, place)
    if name not in (LINK, *THRESHOLDS):
        raise UnknownName(
            "score that a threshold is chosen by",
            name,
            (*THRESHOLDS, LINK),
            where=str(place) if place.file else "",
        )
    return str(name)


def _losses(value: Any, place: Place) -> tuple[str, ...] | dict[Task, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        return _texts(value, place)
    for task in value:
        if task not in TASKS:
            raise UnknownName("task", task, TASKS, where=str(place.inside(task)))
    return {task: _texts(names, place.inside(task)) for task, names in value.items()}


def _custom_losses(value: Any, place: Place) -> tuple[CustomLoss, ...]:
    """Read the `[[loss]]` tables."""
    if not isinstance(value, Sequence) or not all(isinstance(table, Mapping) for table in value):
        raise ConfigError(f"{place}: {value!r} is no [[loss]] table; to name losses, write losses = [...]")
    custom = tuple(_custom_loss(table, place.table(number)) for number, table in enumerate(value))
    labels = [loss.label for loss in custom]
    for number, label in enumerate(labels):
        if label in labels[:number]:
            where = place.table(number).inside("label")
            raise BadValue(f"{where}: another loss is called '{label}' already; choose another label")
    return custom


def _custom_loss(value: Mapping[str, Any], place: Place) -> CustomLoss:
    table = read_table(CUSTOM_LOSS, ["label", "loss"], value, place)
    with at(place.inside("label")):
        check_name(table["label"])
    stated = (f"@{key}={text}" for key, text in table.items() if key != "loss")
    return CustomLoss(table["label"], ":".join((table["loss"], *stated)), table.get("task"))


def _margins(value: Any, place: Place) -> dict[str, float]:
    """Read the `[margins]` table."""
    if not isinstance(value, Mapping):
        raise place.wrong(value, "a table of scores, such as accuracy = 0.02")
    own = {name: float for name in value if is_own(name)}
    margins = read_table(MARGINS | own, [], value, place, kind="score")
    for name, margin in margins.items():
        if not 0 < margin < math.inf:
            raise BadValue(f"{place.inside(name)}: {margin:g} is out of range; give a number above zero")
    return margins


def _protocols(value: Any, place: Place) -> dict[str, dict[str, Any]]:
    """Read the `[protocol.DATASET]` tables."""
    if not isinstance(value, Mapping):
        raise place.wrong(value, "a table for each data set, as [protocol.diabetes]")
    for name in value:
        with at(place.inside(name)):
            check_dataset(name)
    return {name: _protocol(table, place.inside(name)) for name, table in value.items()}


def _protocol(value: Any, place: Place) -> dict[str, Any]:
    """Read what a data set has of its own."""
    if not isinstance(value, Mapping):
        raise place.wrong(value, f"a table with {', '.join(OWN)}")
    for key in value:
        if key not in (*OWN, WHY):
            raise UnknownName("key", key, (*OWN, WHY), where=str(place.inside(key)))
    readers = {name: _READERS[name] for name in OWN} | {WHY: partial(read_as, str)}
    return {key: readers[key](item, place.inside(key)) for key, item in value.items()}


def _gate(value: Any, place: Place) -> dict[str, Any]:
    """Read the `[gate]` table: policies, and rules as texts or as tables that name a data set or a loss."""
    table = read_table(GATE, [], value, place)
    if "rules" in table:
        table["rules"] = tuple(_rule(rule, place.inside("rules")) for rule in table["rules"])
    return table


def _rule(value: Any, place: Place) -> Rule:
    table = {"rule": value} if isinstance(value, str) else value
    if not isinstance(table, Mapping) or "rule" not in table:
        raise place.wrong(value, 'a rule, such as "f1:-0.02", or { rule = "f1:-0.02", loss = "mse" }')
    stated = read_table(RULE, [], table, place)
    with at(place):
        (rule,) = parse_rules([stated.pop("rule")], **stated)
    return rule


def _number(value: Any, place: Place) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise place.wrong(value, "a number")
    try:
        return float(value)
    except OverflowError:
        raise place.wrong(value, "a number that a float holds") from None


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _whole(value: Any, place: Place) -> int:
    most = MOST[place.keys[0]]
    if not _is_whole(value):
        raise place.wrong(value, "a whole number")
    if value < 1:
        raise BadValue(f"{place}: {value} is too small; give a whole number of at least 1")
    if value > most:
        raise BadValue(f"{place}: {value} is too large; give a whole number of at most {most}")
    return int(value)


def _numbers(allowed: Callable[[float], bool], wanted: str) -> Callable[[Any, Place], tuple[float, ...]]:
    def read(value: Any, place: Place) -> tuple[float, ...]:
        items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        if not items:
            raise place.wrong(value, "a list of numbers")
        read_items = tuple(dict.fromkeys(_number(item, place) for item in items))
        for item in read_items:
            if not allowed(item):
                raise BadValue(f"{place}: {item:g} is out of range; give {wanted}")
        return read_items

    return read


def _seeds(value: Any, place: Place) -> tuple[int, ...]:
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,18})(?::(\d{1,18}))?", value.strip())):
        first, last = match.groups()
        if last is None:
            return tuple(range(_whole(int(first), place)))
        if int(last) <= int(first):
            raise BadValue(f"{place}: {value} holds no seed; give a range such as 10:20")
        return _bounded(range(int(first), int(last)), place)
    if isinstance(value, str):
        raise place.wrong(value, 'a count, or a range such as "10:20"')
    if isinstance(value, Sequence):
        if not value or not all(_is_whole(seed) and seed >= 0 for seed in value):
            raise place.wrong(value, "a list of whole numbers")
        return _bounded(value, place)
    return tuple(range(_whole(value, place)))


def _bounded(seeds: Sequence[int], place: Place) -> tuple[int, ...]:
    """Return seeds, each once, unless they are too many or too large."""
    _whole(len(seeds), place)
    largest = max(seeds)
    if largest > LAST_SEED:
        raise BadValue(f"{place}: seed {largest} is too large; give seeds of at most {LAST_SEED}")
    return tuple(dict.fromkeys(map(int, seeds)))


def _tune(value: Any, place: Place) -> bool | int:
    """Read whether losses are tuned, or with how many settings: "budget=64"."""
    found = re.fullmatch(r"budget=(\d{1,9})", value.strip()) if isinstance(value, str) else None
    if not found:
        return bool(read_as(bool, value, place))
    return _budget(int(found[1]), place)


def _budget(value: Any, place: Place) -> int:
    """Read how many settings of each loss are tried."""
    if not _is_whole(value) or (value and not FEWEST <= value <= MOST_SETTINGS):
        raise BadValue(f"{place}: {value}; give from {FEWEST} to {MOST_SETTINGS} settings, such as budget=64")
    return int(value)


def _sampler(value: Any, place: Place) -> str:
    """Read by what the settings of a search are chosen."""
    name = str(read_as(str, value, place))
    if name not in SAMPLERS:
        raise UnknownName("sampler", name, SAMPLERS, where=str(place) if place.file else "")
    return name


_strength = _numbers(lambda x: 0 <= x < math.inf, "a number of at least zero")

_READERS: dict[str, Callable[[Any, Place], Any]] = {
    "datasets": _texts,
    "losses": _losses,
    "loss": _custom_losses,
    "models": _texts,
    "optimizers": _texts,
    "schedule": _texts,
    "lr": _numbers(lambda x: 0 < x <= 1e6, "a number above zero and at most a million, such as 0.01"),
    "tune": _tune,
    "tune_budget": _budget,
    "sampler": _sampler,
    "l1": _strength,
    "l2": _strength,
    "batch_size": _whole,
    "epochs": _whole,
    "seeds": _seeds,
    "outliers": _numbers(lambda x: 0 <= x < 1, "shares in [0, 1), such as 0,0.1,0.2"),
    "outlier_kind": partial(read_as, str),
    "score": _scores,
    "costs": _costs,
    "threshold": _threshold,
    "protocol": _protocols,
    "margins": _margins,
    "gate": _gate,
    **dict.fromkeys(MANNER, partial(read_as, str)),
}
