"""The settings that a search with a stated budget tries for each loss: a rate, and a value of the tuned parameter.

Every loss gets the same number of settings. All begin with the middle rate and the middle value, which is also the
setting under which losses are compared at one common rate. The others are the remaining points of a grid, in
random order, or points of a scrambled Sobol sequence (Owen 1998, Scrambling Sobol' and Niederreiter-Xing points),
any first few of which fill the space evenly. All losses have the same rates; with Sobol's sampler also in the same
order.

An adaptive sampler (TPE) begins with the first few points of the Sobol sequence. Its other points are only known
once these are trained, see `lossbench.run.adaptive`; until then the rest of the sequence is their placeholder.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from lossbench.errors import BadValue, UsageError
from lossbench.plan.grids import Grid, Grids, grid_at, has_grid, make_grid, refined, refuse_twice, served_by
from lossbench.randomness import stream
from lossbench.spec import title
from lossbench.spoken import option
from lossbench.task import Task

ADAPTIVE = "tpe"
SAMPLERS = ("grid", "sobol", ADAPTIVE)
FEWEST, MOST = 4, 1024
FEWEST_RATES = 3  # both ends and the middle, which all losses share


Point = tuple[float, float]
"""Where a setting lies, in [0, 1): between the smallest and largest rate, and between the first and last value."""

MIDDLE: Point = (0.5, 0.5)


class Setting(NamedTuple):
    """One setting of a loss: its spec, with the value of the tuned parameter if there is one, and a rate."""

    loss: str
    rate: float


def make_search(specs: Sequence[str], task: Task, rates: Sequence[float], budget: int, sampler: str) -> Grids:
    """Return the settings of all losses of a task.

    Args:
        specs: the specs of the losses; those of other tasks are left out.
        task: the task of the data sets.
        rates: the rates that the run names; the search draws rates between the smallest and the largest.
        budget: the number of settings per loss.
        sampler: one of `SAMPLERS`.

    Raises:
        BadValue: there is only one rate, or the budget is too small.
        UsageError: the sampler needs a package that is not installed.
    """
    if sampler == ADAPTIVE and find_spec("optuna") is None:
        raise UsageError(f"sampler {ADAPTIVE} needs optuna: pip install 'lossbench[optuna]'")
    if len(rates) < 2:
        raise BadValue(f"a search draws rates between two ends; give both, as {option('lr', 0.001, 0.1)}")
    draw, ends = on_grid if sampler == "grid" else by_sobol, (min(rates), max(rates))
    grids: dict[str, Grid] = {}
    places: dict[tuple[str, float], int] = {}
    for spec in served_by(specs, task):
        grid, settings = draw(spec, ends, budget)
        if len(set(settings)) < len(settings):
            raise BadValue(
                f"{option('lr', *ends)} are too close for {budget} different rates between them; give ends "
                "further apart"
            )
        grids |= {spec: grid} if grid else {}
        places |= {(title(one.loss), one.rate): number for number, one in enumerate(settings, 1)}
    plain = [spec for spec in served_by(specs, task) if spec not in grids]
    refuse_twice([*(member for grid in grids.values() for member in grid.members), *plain])
    return Grids(grids, places=places)


def on_grid(spec: str, ends: tuple[float, float], budget: int) -> tuple[Grid | None, list[Setting]]:
    """Return the settings of a loss on a grid, the middle one first and the others in random order.

    A range has about as many values as there are rates.

    Example:
        >>> on_grid("mse", (0.001, 0.1), 5)[1][0]
        Setting(loss='mse', rate=0.01)
    """
    values = min(round(math.sqrt(budget)), budget // FEWEST_RATES)
    grid = make_grid(spec, max(2, values)) if has_grid(spec) else None
    members = grid.members if grid else (spec,)
    count = budget // len(members)
    if count < FEWEST_RATES:
        raise BadValue(
            f"a budget of {budget} settings leaves '{spec}' {count} rates for each of its {len(members)} values; "
            f"give {FEWEST_RATES * len(members)} settings or more, or draw them by {option('sampler', 'sobol')}"
        )
    every = refined(ends, count)
    first = Setting(members[(len(members) - 1) // 2], refined(ends, FEWEST_RATES)[1])
    others = [one for one in (Setting(loss, rate) for loss in members for rate in every) if one != first]
    order = stream("search", "", 0).permutation(len(others))
    return grid, [first, *(others[place] for place in order)]


def by_sobol(spec: str, ends: tuple[float, float], budget: int) -> tuple[Grid | None, list[Setting]]:
    """Return the settings of a loss by a Sobol sequence, the middle one first.

    Example:
        >>> [one.rate for one in by_sobol("mse", (0.001, 0.1), 4)[1]][0]
        0.01
    """
    return at_points(spec, ends, sobol_points(budget))


def sobol_points(count: int) -> list[Point]:
    """Return the middle, followed by the first points of the Sobol sequence."""
    return [MIDDLE, *((along, across) for along, across in sobol(count - 1).tolist())]


def at_points(spec: str, ends: tuple[float, float], points: Sequence[Point]) -> tuple[Grid | None, list[Setting]]:
    """Return the settings of a loss at some points, the first of which is the middle.

    Example:
        >>> at_points("huber:delta=0.1..10", (0.001, 0.1), [MIDDLE, (0.25, 0.75)])[1][1]
        Setting(loss='huber:delta=3.16228', rate=0.00316228)
    """
    low, high = ends
    drawn = [float(f"{low * (high / low) ** along:.6g}") for along, _ in points[1:]]
    rates = [refined(ends, FEWEST_RATES)[1], *drawn]
    if not has_grid(spec):
        return None, [Setting(spec, rate) for rate in rates]
    grid, members = grid_at(spec, [across for _, across in points])
    return grid, [Setting(*one) for one in zip(members, rates, strict=True)]


def sobol(count: int) -> np.ndarray:
    """Return the first points of a scrambled Sobol sequence in the unit square, (count, 2), always the same."""
    from scipy.stats import qmc  # it takes a while

    whole = qmc.Sobol(2, seed=stream("search", "", 0)).random_base2(math.ceil(math.log2(count)))
    return np.asarray(whole[:count])
