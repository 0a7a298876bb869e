"""Read the value of each key of an experiment, from a config, the command line or Python."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any

from lossbench.data.catalogue import check_dataset
from lossbench.errors import BadValue, UnknownName
from lossbench.metrics.cost import COST, Costs, is_cost, read_costs
from lossbench.metrics.own.named import names_own
from lossbench.plan.config import at
from lossbench.plan.custom import read_custom
from lossbench.plan.gate import read_gate
from lossbench.plan.protocol import OWN, WHY
from lossbench.plan.search import FEWEST, SAMPLERS
from lossbench.plan.search import MOST as MOST_SETTINGS
from lossbench.plan.toml import Place, read_as, read_table
from lossbench.schema import METRICS, THRESHOLDS, is_own
from lossbench.task import TASKS, Task

LINK = "link"
"""The value of `threshold` that leaves each link its own class threshold."""

RUN_KEYS = ("backend", "address")
"""The keys that say how an experiment is run, not what it is; see `lossbench.plan.where`."""

MARGINS = dict.fromkeys((*METRICS, "epochs_to_target"), float)
"""The keys of `[margins]`, with their types."""

MOST = {"epochs": 1_000_000, "batch_size": 1_000_000_000, "seeds": 100_000}
LAST_SEED = 2**31 - 1
"""The largest values allowed: anything larger is a typing error, and would fill any memory."""


def read_key(value: Any, place: Place) -> Any:
    """Return the value of the first key of a place, as `Settings` holds it.

    Raises:
        ConfigError: the value has the wrong type.
        UnknownName: there is no such key.
        BadValue: the value is out of range.

    Example:
        >>> read_key("10:12", Place(("seeds",))), read_key(0.1, Place(("lr",)))
        ((10, 11), (0.1,))
    """
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
    """Read the names of scores; an empty list leaves each data set its own."""
    names = _texts(value, place) if value not in ([], ()) else ()
    for name in names:
        if name not in METRICS and not is_cost(name) and not names_own(name):
            raise place.unknown("score", name, (*METRICS, COST))
    return names


def _costs(value: Any, place: Place) -> Costs:
    """Read a matrix of costs; an empty list means none."""
    if value in ([], ()):
        return ()
    with at(place):
        return read_costs(value)


def _threshold(value: Any, place: Place) -> str:
    """Read the score that chooses class thresholds, or "link"."""
    name = read_as(str, value, place)
    if name not in (LINK, *THRESHOLDS):
        raise place.unknown("score that a threshold is chosen by", name, (*THRESHOLDS, LINK))
    return str(name)


def _losses(value: Any, place: Place) -> tuple[str, ...] | dict[Task, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        return _texts(value, place)
    for task in value:
        if task not in TASKS:
            raise UnknownName("task", task, TASKS, where=str(place.inside(task)))
    return {task: _texts(names, place.inside(task)) for task, names in value.items()}


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
    """Read the settings that a data set has of its own."""
    if not isinstance(value, Mapping):
        raise place.wrong(value, f"a table with {', '.join(OWN)}")
    for key in value:
        if key not in (*OWN, WHY):
            raise UnknownName("key", key, (*OWN, WHY), where=str(place.inside(key)))
    readers = {name: _READERS[name] for name in OWN} | {WHY: partial(read_as, str)}
    return {key: readers[key](item, place.inside(key)) for key, item in value.items()}


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
    """Return seeds without duplicates; refuse too many, and too large ones."""
    _whole(len(seeds), place)
    largest = max(seeds)
    if largest > LAST_SEED:
        raise BadValue(f"{place}: seed {largest} is too large; give seeds of at most {LAST_SEED}")
    return tuple(dict.fromkeys(map(int, seeds)))


def _tune(value: Any, place: Place) -> bool | int:
    """Read whether losses are tuned, or the number of settings, as "budget=64"."""
    found = re.fullmatch(r"budget=(\d{1,9})", value.strip()) if isinstance(value, str) else None
    if not found:
        return bool(read_as(bool, value, place))
    if not int(found[1]):
        raise BadValue(f"{place}: budget=0 tries nothing; leave it out, or give {FEWEST} to {MOST_SETTINGS}")
    return _budget(int(found[1]), place)


def _budget(value: Any, place: Place) -> int:
    """Read the number of settings that are tried for each loss."""
    if not _is_whole(value) or (value and not FEWEST <= value <= MOST_SETTINGS):
        raise BadValue(
            f"{place}: {value} is out of range; give {FEWEST} to {MOST_SETTINGS} settings, such as budget=64"
        )
    return int(value)


def _sampler(value: Any, place: Place) -> str:
    """Read the name of the sampler that chooses the settings of a search."""
    name = str(read_as(str, value, place))
    if name not in SAMPLERS:
        raise place.unknown("sampler", name, SAMPLERS)
    return name


_strength = _numbers(lambda x: 0 <= x < math.inf, "a number of at least zero")

_READERS: dict[str, Callable[[Any, Place], Any]] = {
    "datasets": _texts,
    "losses": _losses,
    "loss": read_custom,
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
    "gate": read_gate,
    **dict.fromkeys(RUN_KEYS, partial(read_as, str)),
}
