"""What is shown of one data set under one setting: differences, courses of the score, and the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from lossbench.report.charts.forest import Against, forest
from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.look import Look
from lossbench.report.charts.scatter import Point, scatter
from lossbench.report.escape import html as escape
from lossbench.report.figures import Spread
from lossbench.report.html.arms import Course, Key, by_epoch, by_rate, by_share, survival, waiting
from lossbench.report.html.document import Section, paragraph
from lossbench.report.html.figure import figure, legend, line_figure
from lossbench.report.html.table import grid
from lossbench.report.tables import heading, make_table, spreads
from lossbench.schema import ARM, METRICS
from lossbench.stats.findings import LINE, Findings
from lossbench.stats.verdicts import BETTER, WORSE

MARKS = {
    BETTER[0]: "+ better",
    BETTER[1]: "+= better",
    WORSE[0]: "− worse",
    WORSE[1]: "−= worse",
    "equivalent": "= equivalent",
    "inconclusive": "~ open",
}
"""The mark of each verdict and its word; it has no colour, since colours are the losses'."""


@dataclass(frozen=True)
class Courses:
    """What is drawn of every arm of a run, by its key.

    Args:
        findings: what the trials say.
        curves: `curves.csv`, None where there is none.
    """

    findings: Findings
    curves: pd.DataFrame | None

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

    @property
    def first(self) -> pd.Series[Any]:
        """A row, for what all share."""
        return self.group.iloc[0]

    @property
    def score(self) -> str:
        """How the score is called."""
        return heading(self.first.score)

    @property
    def side(self) -> str:
        """Which way is better."""
        return "higher" if METRICS[self.first.score].greater_is_better else "lower"

    def keys(self, names: Sequence[str]) -> dict[str, Key]:
        """Return the key of each loss in the order of all data sets, the reference first."""
        order = {loss: (loss != self.first.reference, look.number) for loss, look in self.looks.items()}
        rows = self.group.sort_values("loss", key=lambda losses: losses.map(order), kind="stable")
        return dict(zip(rows.loss, rows[list(names)].itertuples(index=False, name=None), strict=True))

    def lines(self, courses: Mapping[str, Course], **more: Any) -> Lines:
        """Return the courses of some losses as lines over the same x."""
        x = np.unique(np.concatenate([one.x for one in courses.values()]))
        drawn = [Line(loss, self.looks[loss], *_on(x, one), one.chosen) for loss, one in courses.items()]
        return Lines(f"{self.key}{more.pop('letter')}", x, drawn, reference=self.first.reference, **more)


def _on(x: np.ndarray, course: Course) -> Iterator[np.ndarray | None]:
    """Yield the values of a course on a wider x, NaN where it has none."""
    places = np.searchsorted(x, course.x)
    for values in (course.y, course.low, course.high):
        if values is None:
            yield None
        else:
            wider = np.full(len(x), np.nan)
            wider[places] = values
            yield wider


def section(part: Part, name: str, answer: str, plane: bool) -> Section:
    """Return the section of one data set and setting.

    Args:
        part: what is shown.
        name: in the contents.
        answer: what the verdicts say, in words.
        plane: whether the scores are drawn against robustness here.
    """
    table = make_table(part.group)
    dataset, _, rest = table.title.partition(" ")
    title = f"{escape(dataset)} <small>{escape(rest)}</small>"
    figures = [learning(part), robustness(part), convergence(part), step_sizes(part)]
    if plane:
        figures.append(figure(*PLANE, against_robustness(part), "plane"))
    caption = f"Losses on {part.first.dataset}, the best {part.score} first"
    body = [
        paragraph(answer) if answer else "",
        legend(part.keys(["loss"]), part.looks, part.first.reference),
        f'<div class="beside">\n{differences(part)}{grid(table, caption, part.looks)}</div>\n',
        *figures,
    ]
    return Section(part.key, name, title, "".join(body))


def differences(part: Part) -> str:
    """Return how far each loss is from the reference."""
    group, first = part.group, part.first
    names = ["loss", "difference", "difference_low", "difference_high", "verdict"]
    rows = [
        Against(
            loss,
            part.looks[loss],
            mean,
            low,
            high,
            "reference" if loss == first.reference else MARKS.get(word, str(word)),
        )
        for loss, mean, low, high, word in zip(*(group[name].tolist() for name in names), strict=True)
    ]
    margin = part.courses.findings.margins.get(first.score, 0.0)
    small = f"; differences in the shaded band, {margin:g}, are too small to matter" if margin else ""
    about = f"Test {part.score} minus that of {first.reference}, with 95 % intervals of paired differences{small}."
    drawn = forest(
        f"{part.score} minus that of {first.reference}", rows, margin, 1 if part.side == "higher" else -1
    )
    return figure(f"How far from {first.reference}", about, drawn, "forest")


def learning(part: Part) -> str:
    """Return the validation score by epoch."""
    keys, known = part.keys(LINE), part.courses.epochs
    found = {loss: known[key] for loss, key in keys.items() if key in known}
    if not found:
        return paragraph("No learning curves: this run has no curves.csv for them.")
    chart = part.lines(found, letter="e", across="epoch", up=f"validation {part.score}")
    seeds = f"mean over {part.first.n} seeds" if part.first.n > 1 else "one seed"
    return line_figure(
        "Learning curves", f"Validation {part.score} by epoch, {seeds}; {part.side} is better.", chart
    )


def robustness(part: Part) -> str:
    """Return the test score by contaminated share, where there are several."""
    first = part.first
    if not first.largest_share > first.outlier_fraction:
        return ""
    known = part.courses.shares
    found = {loss: known[key] for loss, key in part.keys(LINE).items() if key in known}
    across = f"share of {first.outlier_kind} contamination"
    chart = part.lines(found, letter="r", across=across, up=f"test {part.score}", dots=True)
    about = f"Test {part.score} by contaminated share ({first.outlier_kind}) of the training rows; the flatter, the more robust."
    return line_figure("Robustness", about, chart)


def convergence(part: Part) -> str:
    """Return the share of trainings that are not at the target yet."""
    known = part.courses.times
    times = {loss: known[key] for loss, key in part.keys(LINE).items() if key in known}
    if not times:
        return ""
    epochs = float(part.first.epochs)
    events = np.concatenate([*times.values(), [1.0, epochs]])
    at = np.unique(events[np.isfinite(events)])
    found = {loss: Course(at, survival(one, at)) for loss, one in times.items()}
    chart = part.lines(
        found, letter="c", across="epoch", up="share not there yet", log=True, steps=True, ends=(0.0, 1.0)
    )
    about = (
        "Share of trainings that have not reached the target, 95 % of the way from a constant predictor to a linear "
        "model, by epoch on a logarithmic axis; the sooner it falls, the faster."
    )
    return line_figure("Convergence", about, chart)


def step_sizes(part: Part) -> str:
    """Return the validation score by learning rate, where rates were tuned."""
    known = part.courses.rates
    found = {loss: known[key] for loss, key in part.keys(ARM).items() if key in known}
    if part.first["view"] != "tuned" or not found:
        return ""
    chart = part.lines(
        found, letter="s", across="learning rate", up=f"validation {part.score}", log=True, dots=True
    )
    about = f"Validation {part.score} by learning rate, over the seeds that tune; the ring is the rate that was chosen."
    return line_figure("Step-size sensitivity", about, chart)


PLANE = (
    "Score against robustness",
    "Across, the test score after clean training; up, robustness: the area under skill over contaminated shares, "
    "relative to clean skill. Up and to the better side is best. Whiskers are 95 % intervals.",
)


def against_robustness(part: Part) -> str:
    """Return the losses in the plane of score and robustness; empty where no loss has both."""
    group = part.group
    if not (group.robustness.notna() & group["mean"].notna()).any():
        return ""
    scores = map(Spread, group["mean"], group.low, group.high)
    rows = zip(group.loss, scores, spreads(group, "robustness"), strict=True)
    points = [Point(loss, part.looks[loss], across, up) for loss, across, up in rows]
    return scatter(str(part.first.dataset), points, (f"test {part.score} ({part.side} is better)", "robustness"))
