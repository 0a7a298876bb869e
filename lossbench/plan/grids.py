"""A parameter of a loss that is tuned like its rate: `huber:delta=0.1..10` or `focal:gamma=0|1|2|5`.

Every loss gets the same budget of settings: the number of values times the number of rates. A loss without a grid
spends its budget on rates between the same ends. A range has `VALUES` values, in equal ratios where the parameter
is a scale (any number above zero), else in equal steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np

from lossbench.errors import BadValue, UnknownName
from lossbench.losses.composed.grammar import is_sum
from lossbench.losses.composed.record import weights_in
from lossbench.losses.registry import served
from lossbench.spec import Parameter, pieces, split_spec, title
from lossbench.spoken import option
from lossbench.task import Task

VALUES = 7
"""The number of values of a range, including both ends."""

MARKS = ("..", "|")


@dataclass(frozen=True)
class Grid:
    """A loss with a parameter to tune.

    Args:
        spec: the grid, as the user gave it.
        parameter: the name of the parameter.
        members: the spec of the loss at each value, in the order of the values.
        ends: the first and the last member, except an end that is a limit of the parameter.
    """

    spec: str
    parameter: str
    members: tuple[str, ...]
    ends: tuple[str, ...]


@dataclass(frozen=True)
class Grids:
    """The grids of a task, and the rates that give every loss the same budget.

    Args:
        grids: the grids by their specs.
        rates: the rates of each grid, and of each loss without a grid; empty where no loss has a grid.
        places: in a search with a stated budget, the number of each setting in the search of its loss, counted
            from 1, by loss and rate; empty without such a search, see `lossbench.plan.search`.
    """

    grids: Mapping[str, Grid] = field(default_factory=dict)
    rates: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    places: Mapping[tuple[str, float], int] = field(default_factory=dict)

    def of(self, loss: str) -> str:
        """Return the spec of the grid that a loss is a member of; empty where there is none."""
        return next((spec for spec, grid in self.grids.items() if loss in grid.members), "")

    def rates_of(self, loss: str, given: tuple[float, ...]) -> tuple[float, ...]:
        """Return the rates of a loss in a run whose rates are `given`."""
        searched = tuple(rate for one, rate in self.places if one == title(loss))
        return searched or self.rates.get(self.of(loss) or loss, given)

    def expanded(self, specs: Iterable[str]) -> tuple[str, ...]:
        """Return losses in which every grid is replaced by its members."""
        return tuple(
            one for spec in specs for one in (self.grids[spec].members if spec in self.grids else (spec,))
        )


def has_grid(spec: str) -> bool:
    """Say whether a spec of a loss asks for a parameter to be tuned.

    Example:
        >>> has_grid("huber:delta=0.1..10"), has_grid("huber:delta=1"), has_grid("../mine.py:f")
        (True, False, False)
    """
    return any(mark in piece for piece in pieces(spec)[1:] for mark in MARKS)


def make_grid(spec: str, count: int = VALUES) -> Grid:
    """Return the grid that a spec asks for; `count` is the number of values of a range.

    Raises:
        BadValue: there is more than one grid, or a value is out of range.

    Example:
        >>> [member.rpartition("=")[2] for member in make_grid("huber:delta=0.1..10").members]
        ['0.1', '0.215', '0.464', '1', '2.15', '4.64', '10']
    """
    return _grid(spec, partial(_values, count=count))[0]


def grid_at(spec: str, shares: Sequence[float]) -> tuple[Grid, list[str]]:
    """Return the grid of the values at some shares of the way, in [0, 1), and the loss at each share.

    Raises:
        BadValue: as for `make_grid`.

    Example:
        >>> grid_at("huber:delta=0.1..10", [0.5, 0.25])[1]
        ['huber:delta=1', 'huber:delta=0.316228']
    """
    return _grid(spec, partial(_values_at, shares=shares))


def _grid(spec: str, read: Callable[[str, str, str, Parameter | None], list[str]]) -> tuple[Grid, list[str]]:
    """Return the grid of the values that `read` finds in a spec, and the loss at each of these values."""
    name, given = split_spec(spec)
    if "@label" in given:
        raise BadValue(f"'{spec}' has a label, which all its values would share; leave the label out to tune it")
    tuned = [key for key, text in given.items() if any(mark in text for mark in MARKS)]
    if len(tuned) > 1:
        raise BadValue(f"'{spec}' tunes {' and '.join(tuned)}; tune one parameter and give the other a value")
    (key,) = tuned
    parameter = _parameter(spec, name, key)
    wanted = read(spec, key, given[key], parameter)
    values = sorted(set(wanted), key=float)
    _check(spec, values, parameter)
    losses = {v: ":".join([name, *(f"{k}={v if k == key else given[k]}" for k in given)]) for v in values}
    beyond = (values[0], values[-1]) if parameter is None else _open_ends(values, parameter)
    grid = Grid(spec, key, tuple(losses.values()), tuple(losses[v] for v in values if v in beyond))
    return grid, [losses[v] for v in wanted]


def _parameter(spec: str, name: str, key: str) -> Parameter | None:
    """Return the record of a parameter; None for a custom loss, of which nothing is known."""
    known = {one.name: one for record in served(name).values() for one in record.parameters}
    known |= weights_in(name) if is_sum(name) else {}
    if served(name) and key not in known:
        raise UnknownName("parameter", key, known or ["none, it takes no parameters"], where=f"'{spec}'")
    return known.get(key)


def _values(spec: str, key: str, text: str, parameter: Parameter | None, count: int) -> list[str]:
    if ".." not in text:
        return _sorted(spec, key, text.split("|"))
    low, high = _range(spec, key, text, parameter)
    made = (np.geomspace if is_scale(parameter) else np.linspace)(low, high, count)
    return [f"{low:.12g}", *_inner_texts(made), f"{high:.12g}"]


def _values_at(spec: str, key: str, text: str, parameter: Parameter | None, shares: Sequence[float]) -> list[str]:
    if ".." not in text:
        texts = _sorted(spec, key, text.split("|"))
        return [texts[int(share * len(texts))] for share in shares]
    low, high = _range(spec, key, text, parameter)
    scale = is_scale(parameter)
    return [f"{low * (high / low) ** share if scale else low + (high - low) * share:.6g}" for share in shares]


def _range(spec: str, key: str, text: str, parameter: Parameter | None) -> tuple[float, float]:
    if parameter is None:
        raise BadValue(
            f"'{spec}': the scale of {key} is not known, so a range cannot be divided; list values, as {key}=1|2|5"
        )
    low, high = _ends(spec, key, text)
    for end in (low, high):
        if not parameter.accepts(end):
            raise BadValue(f"'{spec}': {key}={end:g} is out of range; give values in {parameter.range}")
    return low, high


def _inner_texts(values: np.ndarray) -> Iterator[str]:
    """Yield the values between both ends, with three digits, or more where a value equals the one before."""
    for before, value in pairwise(values[:-1].tolist()):
        step = value - before
        shown = 0.0 if abs(value) < 1e-9 * step else value  # where steps cross zero, rounding leaves about 1e-17
        digits = max(3, math.ceil(math.log10(abs(shown) / step)) + 2) if shown else 3
        yield f"{shown:.{digits}g}"


def _ends(spec: str, key: str, text: str) -> tuple[float, float]:
    numbers = [_number(spec, key, end) for end in text.split("..", 1)]
    if not numbers[0] < numbers[1]:
        raise BadValue(f"'{spec}': {key}={text} is no range; write the smaller end first, as {key}=0.1..10")
    return numbers[0], numbers[1]


def _sorted(spec: str, key: str, texts: Sequence[str]) -> list[str]:
    found = {_number(spec, key, text): text.strip() for text in texts}
    if len(found) < 2:
        raise BadValue(
            f"'{spec}': there is only one value of {key} to choose from; write {key}={texts[0]}, or more values"
        )
    return [found[value] for value in sorted(found)]


def _number(spec: str, key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadValue(f"'{spec}': {key}={text} is not a number; write a range as 0.1..10, or values as 1|2|5")
    return value


def _check(spec: str, values: Iterable[str], parameter: Parameter | None) -> None:
    for value in values if parameter else ():
        if parameter and not parameter.accepts(float(value)):
            raise BadValue(f"'{spec}': {parameter.name}={value} is out of range; give values in {parameter.range}")


def is_scale(parameter: Parameter | None) -> bool:
    """Say whether a parameter is any number above zero, and so is tuned in equal ratios."""
    return parameter is not None and parameter.low == 0 and parameter.open_low and math.isinf(parameter.high)


def _open_ends(values: Sequence[str], parameter: Parameter) -> list[str]:
    """Return the ends of a grid beyond which the parameter could go."""
    limits = (parameter.low, parameter.high)
    return [value for value, limit in zip((values[0], values[-1]), limits, strict=True) if float(value) != limit]


def make_grids(specs: Sequence[str], task: Task, rates: tuple[float, ...]) -> Grids:
    """Return the grids among the losses of a run, and rates so that every loss has the same budget.

    Args:
        specs: the specs of all losses; those of other tasks do not count.
        task: the task of the data sets.
        rates: the rates that the run names.

    Raises:
        BadValue: a member of a grid is also named as a loss, or a loss needs more rates and there is only one.
    """
    specs = served_by(specs, task)
    grids = {spec: make_grid(spec) for spec in specs if has_grid(spec)}
    if not grids:
        return Grids()
    refuse_twice(
        [*(member for grid in grids.values() for member in grid.members), *(s for s in specs if s not in grids)]
    )
    sizes = {spec: len(grids[spec].members) if spec in grids else 1 for spec in specs}
    budget = max(sizes.values()) * len(rates)
    wanted = {spec: budget // size for spec, size in sizes.items()}
    short = [spec for spec, count in wanted.items() if count > 1]
    if len(rates) == 1 and short:
        raise BadValue(
            f"every loss gets the same budget, {budget} settings here, which '{short[0]}' spends on more rates, "
            f"and there is only one; give the ends of a range, as {option('lr', 0.001, 0.1)}"
        )
    return Grids(grids, {spec: refined(rates, count) for spec, count in wanted.items()})


def served_by(specs: Iterable[str], task: Task) -> list[str]:
    """Return the losses that serve a task, and all custom losses, since their tasks are not known here."""
    return [spec for spec in specs if not served(name := split_spec(spec)[0]) or task in served(name)]


def refuse_twice(members: Sequence[str]) -> None:
    """Refuse a loss that is also a member of a grid."""
    for member in members:
        if members.count(member) > 1:
            raise BadValue(f"'{member}' is named twice, once as a value of a grid; leave one of them out")


def refined(rates: Iterable[float], count: int) -> tuple[float, ...]:
    """Add rates until there are `count`: each time the widest gap is halved, in ratio.

    Example:
        >>> refined([0.001, 0.1], 4)
        (0.001, 0.00316, 0.01, 0.1)
    """
    made = sorted(rates)
    while len(made) < count:
        gaps = [round(math.log(high / low), 6) for low, high in pairwise(made)]
        place = gaps.index(max(gaps))
        low, high = made[place : place + 2]
        middle = math.sqrt(low * high)
        short = float(f"{middle:.3g}")
        made.insert(place + 1, short if low < short < high else middle)
    return tuple(made)
