"""One table of a run, as a page shows it: its rows, what is drawn of its arms, and how its losses look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from lossbench.report.charts.lines import Lines
from lossbench.report.charts.look import Look
from lossbench.report.html.arms import Course, Key, by_epoch, by_rate, by_share, by_value, waiting
from lossbench.report.tables import heading
from lossbench.run.examples import Example, Examples
from lossbench.schema import METRICS, watched
from lossbench.stats.findings import LINE, Findings

Item = TypeVar("Item")


@dataclass(frozen=True)
class Courses:
    """What is drawn of every arm of a run, by its key.

    Args:
        findings: what the trials say.
        curves: `curves.csv`, None where there is none.
        seen: what some networks make of some test rows, by the place of the trial.
    """

    findings: Findings
    curves: pd.DataFrame | None
    seen: Examples = field(default_factory=dict)

    @cached_property
    def epochs(self) -> Mapping[Key, Course]:
        """By epoch; empty without curves."""
        return {} if self.curves is None or self.curves.empty else by_epoch(self.curves)

    @cached_property
    def shares(self) -> Mapping[Key, Course]:
        """By contaminated share."""
        return by_share(self.findings.trials)

    @cached_property
    def times(self) -> Mapping[Key, np.ndarray]:
        """When each training got to the target."""
        return waiting(self.findings.trials)

    @cached_property
    def rates(self) -> Mapping[Key, Course]:
        """By learning rate; empty where rates were not tuned."""
        return {} if self.findings.tuning is None else by_rate(self.findings.tuning)

    @cached_property
    def examples(self) -> Mapping[Key, Example]:
        """What the networks of the first seed make of some test rows."""
        found: dict[Key, Example] = {}
        keys = self.findings.trials[list(LINE)].iloc[list(self.seen)].itertuples(index=False, name=None)
        for key, example in zip(keys, self.seen.values(), strict=True):
            found.setdefault(key, example)
        return found

    @cached_property
    def values(self) -> Mapping[Key, tuple[str, Course]]:
        """By the value of a parameter, with its name; empty where none was tuned."""
        return {} if self.findings.tuning is None else by_value(self.findings.tuning)


@dataclass(frozen=True)
class Part:
    """One table of a run, and how it is drawn.

    Args:
        key: its address on the page.
        group: its rows of the summary, the best first.
        courses: of all arms.
        looks: of all losses.
    """

    key: str
    group: pd.DataFrame
    courses: Courses
    looks: Mapping[str, Look]

    @cached_property
    def first(self) -> pd.Series[Any]:
        """A row, for what all share."""
        return self.group.iloc[0]

    @property
    def score(self) -> str:
        """How the score is called."""
        return heading(self.first.score)

    @property
    def watched(self) -> str:
        """How the score on validation is called."""
        return heading(watched(self.first.task, self.first.score))

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value that the score on validation can have."""
        metric = METRICS[watched(self.first.task, self.first.score)]
        return metric.low, metric.high

    @property
    def side(self) -> str:
        """Which way is better."""
        return "higher" if METRICS[self.first.score].greater_is_better else "lower"

    @cached_property
    def order(self) -> list[str]:
        """The losses in the order of all data sets, the reference first."""
        return sorted(self.group.loss, key=lambda loss: (loss != self.first.reference, self.looks[loss].number))

    def known(self, of: Mapping[Key, Item], names: Sequence[str]) -> dict[str, Item]:
        """Return what is known of each loss in their order.

        Args:
            of: what is known of every arm.
            names: the columns that tell arms apart.
        """
        columns = [self.group[name].tolist() for name in names]
        keys = dict(zip(self.group.loss, zip(*columns, strict=True), strict=True))
        return {loss: of[keys[loss]] for loss in self.order if keys[loss] in of}

    def lines(self, letter: str, courses: Mapping[str, Course], **more: Any) -> Lines:
        """Return the courses of some losses as lines over the same x.

        Args:
            letter: tells them from the other lines of the table.
            courses: by loss.
            more: arguments of `Lines`.
        """
        x = np.unique(np.concatenate([one.x for one in courses.values()]))
        drawn = [one.line(loss, self.looks[loss], x) for loss, one in courses.items()]
        return Lines(f"{self.key}{letter}", x, drawn, reference=self.first.reference, **more)
