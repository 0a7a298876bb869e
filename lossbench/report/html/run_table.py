"""One table of a run for a page: its rows, the curves of its arms, and the looks of its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from lossbench.report.charts.lines import Lines
from lossbench.report.charts.look import Look
from lossbench.report.html.arms import ArmCurve, Key, by_epoch, by_rate, by_share, by_value, times_to_target
from lossbench.report.tables import heading
from lossbench.run.examples import Example, Examples
from lossbench.schema import METRICS, watched
from lossbench.stats.findings import LINE, Findings

Item = TypeVar("Item")


@dataclass(frozen=True)
class ArmCurves:
    """The curves of all arms of a run, by the key of the arm.

    Args:
        findings: of the run.
        curves: `curves.csv`; None if there is none.
        seen: examples, by the place of their trial.
    """

    findings: Findings
    curves: pd.DataFrame | None
    seen: Examples = field(default_factory=dict)

    @cached_property
    def epochs(self) -> Mapping[Key, ArmCurve]:
        """By epoch; empty without curves."""
        return {} if self.curves is None or self.curves.empty else by_epoch(self.curves)

    @cached_property
    def shares(self) -> Mapping[Key, ArmCurve]:
        """By contaminated share."""
        return by_share(self.findings.trials)

    @cached_property
    def times(self) -> Mapping[Key, np.ndarray]:
        """When each training reached the target."""
        return times_to_target(self.findings.trials)

    @cached_property
    def rates(self) -> Mapping[Key, ArmCurve]:
        """By learning rate; empty if rates were not tuned."""
        return {} if self.findings.tuning is None else by_rate(self.findings.tuning)

    @cached_property
    def examples(self) -> Mapping[Key, Example]:
        """Examples from the first seed of each arm."""
        found: dict[Key, Example] = {}
        keys = self.findings.trials[list(LINE)].iloc[list(self.seen)].itertuples(index=False, name=None)
        for key, example in zip(keys, self.seen.values(), strict=True):
            found.setdefault(key, example)
        return found

    @cached_property
    def values(self) -> Mapping[Key, tuple[str, ArmCurve]]:
        """By the value of a tuned parameter, with its name; empty if none was tuned."""
        return {} if self.findings.tuning is None else by_value(self.findings.tuning)


@dataclass(frozen=True)
class RunTable:
    """One table of a run, with what is needed to draw it."""

    key: str
    group: pd.DataFrame
    curves_by_arm: ArmCurves
    looks: Mapping[str, Look]

    @cached_property
    def first(self) -> pd.Series[Any]:
        """Any row, for the values that all rows share."""
        return self.group.iloc[0]

    @property
    def score(self) -> str:
        """The heading of the score."""
        return heading(self.first.score)

    @property
    def watched(self) -> str:
        """The heading of the score on validation."""
        return heading(watched(self.first.task, self.first.score))

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest possible value of the score on validation."""
        metric = METRICS[watched(self.first.task, self.first.score)]
        return metric.low, metric.high

    @property
    def side(self) -> str:
        """Which way is better."""
        return "higher" if METRICS[self.first.score].greater_is_better else "lower"

    @cached_property
    def order(self) -> list[str]:
        """The losses in the order of the page, the reference first."""
        return sorted(self.group.loss, key=lambda loss: (loss != self.first.reference, self.looks[loss].number))

    def known(self, of: Mapping[Key, Item], names: Sequence[str]) -> dict[str, Item]:
        """Return the items of the losses of this table, in their order.

        Args:
            of: items of all arms, by key.
            names: the columns of the key.
        """
        columns = [self.group[name].tolist() for name in names]
        keys = dict(zip(self.group.loss, zip(*columns, strict=True), strict=True))
        return {loss: of[keys[loss]] for loss in self.order if keys[loss] in of}

    def lines(self, letter: str, courses: Mapping[str, ArmCurve], **more: Any) -> Lines:
        """Return the curves of some losses as lines over a common x.

        Args:
            letter: distinguishes them from other lines of the table.
            courses: by loss.
            more: arguments of `Lines`.
        """
        x = np.unique(np.concatenate([one.x for one in courses.values()]))
        drawn = [one.line(loss, self.looks[loss], x) for loss, one in courses.items()]
        return Lines(f"{self.key}{letter}", x, drawn, reference=self.first.reference, **more)
