"""The curves of each arm: score by epoch, contaminated share, rate and parameter value, and times to target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lossbench.report.charts.lines import Line
from lossbench.report.charts.look import Look
from lossbench.schema import ARM, METRICS
from lossbench.spec import tuned_value
from lossbench.stats.findings import LINE
from lossbench.stats.survival import restricted_times

Key = tuple[Any, ...]


class ArmCurve(NamedTuple):
    """The curve of one arm: points (n,), with the ends of their intervals if they have any."""

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    chosen: float | None = None

    def line(self, loss: str, look: Look, x: np.ndarray) -> Line:
        """Return the curve as a line over more values of x, with gaps where it has none."""
        places = np.searchsorted(x, self.x)

        def wider(values: np.ndarray) -> np.ndarray:
            spread = np.full(len(x), np.nan)
            spread[places] = values
            return spread

        low, high = (None if end is None else wider(end) for end in (self.low, self.high))
        return Line(loss, look, wider(self.y), low, high, self.chosen)


def by_epoch(curves: pd.DataFrame) -> dict[Key, ArmCurve]:
    """Return the validation score by epoch of each arm, at its smallest contaminated share; keys are `LINE`."""
    least = curves.groupby(list(LINE)).outlier_fraction.transform("min")
    return {key: _arm_curve(rows, "epoch") for key, rows in _arms(curves[curves.outlier_fraction == least], LINE)}


def by_rate(tuning: pd.DataFrame) -> dict[Key, ArmCurve]:
    """Return the validation score by learning rate of each arm, with the chosen rate; keys are `ARM`."""
    found = {}
    for key, rows in _arms(tuning, ARM):
        chosen = rows.lr[rows.chosen.astype(bool)].tolist()
        found[key] = _arm_curve(rows, "lr")._replace(chosen=chosen[0] if chosen else None)
    return found


def by_value(tuning: pd.DataFrame) -> dict[Key, tuple[str, ArmCurve]]:
    """Return each tuned parameter and the score by its value, at the best rate; keys are the chosen `ARM`."""
    found: dict[Key, tuple[str, ArmCurve]] = {}
    if "grid" not in tuning:
        return found
    names = [name if name != "loss" else "grid" for name in ARM]
    for _, rows in tuning[tuning.grid.notna()].groupby(names, sort=False):
        told = [tuned_value(*one) for one in zip(rows.loss, rows.grid, strict=True)]
        merit = rows["mean"].fillna(-np.inf) * METRICS[rows.score.iloc[0]].sign
        mine = rows.assign(value=[value for _, value in told], merit=merit).sort_values("merit", kind="stable")
        best = mine.drop_duplicates("value", keep="last").sort_values("value")
        chosen = mine[mine.chosen.astype(bool)].iloc[0]
        course = _arm_curve(best, "value")._replace(chosen=float(chosen.value))
        found[tuple(chosen[list(ARM)])] = told[0][0], course
    return found


def by_share(trials: pd.DataFrame) -> dict[Key, ArmCurve]:
    """Return the mean test score by contaminated share of each arm; keys are `LINE`."""
    found = {}
    for score, judged in trials.groupby("score", sort=False):
        means = judged.groupby([*LINE, "outlier_fraction"], sort=False)[score].mean().reset_index()
        for key, rows in _arms(means.sort_values("outlier_fraction", kind="stable"), LINE):
            found[key] = ArmCurve(_floats(rows, "outlier_fraction"), _floats(rows, str(score)))
    return found


def times_to_target(trials: pd.DataFrame) -> dict[Key, np.ndarray]:
    """Return when each clean training of an arm reached the target, (seeds,), infinite if it never did."""
    least = trials.groupby(list(LINE)).outlier_fraction.transform("min")
    found = {}
    clean = (trials.outlier_fraction == least) & trials.converged.notna()
    for key, rows in _arms(trials.loc[clean, [*LINE, "converged", "epochs_to_target"]], LINE):
        reached = rows.converged.to_numpy(dtype=np.float64)
        times = restricted_times(_floats(rows, "epochs_to_target"), reached, _floats(rows, "epochs"))
        found[key] = np.where(reached == 1.0, times, np.inf)
    return found


def survival(times: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the share of trainings that have not reached the target: the Kaplan-Meier curve.

    Args:
        times: (seeds,) infinite if the target was never reached; nothing is censored before the last epoch.
        at: (n,) epochs.

    Example:
        >>> survival(np.array([2.0, 5.0, np.inf, np.inf]), np.array([1, 2, 10])).tolist()
        [1.0, 0.75, 0.5]
    """
    return np.asarray((times[:, None] > at).mean(axis=0))


def _arms(frame: pd.DataFrame, names: tuple[str, ...]) -> Iterator[tuple[Key, pd.DataFrame]]:
    yield from frame.groupby(list(names), sort=False)


def _arm_curve(rows: pd.DataFrame, across: str) -> ArmCurve:
    x, y, low, high = (_floats(rows, name) for name in (across, "mean", "low", "high"))
    return ArmCurve(x, y, low, high)


def _floats(rows: pd.DataFrame, name: str) -> np.ndarray:
    return rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
