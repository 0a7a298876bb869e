"""The figures of one table of a run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossbench.data.contamination import AT_TEST
from lossbench.report.charts.forest import Against, forest
from lossbench.report.charts.scatter import Point, scatter
from lossbench.report.figures import Spread
from lossbench.report.html.arms import Course, survival
from lossbench.report.html.document import paragraph
from lossbench.report.html.figure import figure, line_figure
from lossbench.report.html.part import Part
from lossbench.report.tables import spreads
from lossbench.schema import ARM, METRICS
from lossbench.stats.findings import LINE
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


def differences(part: Part) -> str:
    """Return how far each loss is from the reference."""
    first, ends = part.first, ["difference", "difference_low", "difference_high"]
    told = part.group[["loss", "verdict", *ends]].itertuples(index=False, name=None)
    rows = [
        Against(loss, part.looks[loss], mean, low, high, "reference" if loss == first.reference else MARKS[word])
        for loss, word, mean, low, high in told
    ]
    margin = part.courses.findings.margins.get(first.score, 0.0)
    small = f"; differences in the shaded band, {margin:g}, are too small to matter" if margin else ""
    name = f"{part.score} minus that of {first.reference}"
    about = f"Test {name}, with 95 % intervals of paired differences{small}."
    drawn = forest(name, rows, margin, int(METRICS[first.score].sign))
    return figure(f"How far from {first.reference}", about, drawn, "forest")


def learning(part: Part) -> str:
    """Return the validation score by epoch."""
    found = part.known(part.courses.epochs, LINE)
    if not found:
        return paragraph("No learning curves: this run has no curves.csv for them.")
    chart = part.lines("e", found, across="epoch", up=f"validation {part.watched}", bounds=part.bounds)
    seeds = f"mean over {part.first.n} seeds" if part.first.n > 1 else "one seed"
    about = f"Validation {part.watched} by epoch, {seeds}; {part.side} is better."
    return line_figure("Learning curves", about, chart)


def robustness(part: Part) -> str:
    """Return the test score by contaminated share, where there are several."""
    first = part.first
    if not first.largest_share > first.outlier_fraction:
        return ""
    across = f"share of {first.outlier_kind} contamination"
    found = part.known(part.courses.shares, LINE)
    chart = part.lines("r", found, across=across, up=f"test {part.score}", dots=True)
    rows = "test" if first.outlier_kind in AT_TEST else "training"
    about = f"Test {part.score} by contaminated share ({first.outlier_kind}) of the {rows} rows; flat is robust."
    return line_figure("Robustness", about, chart)


def convergence(part: Part) -> str:
    """Return the share of trainings that are not at the target yet."""
    times = part.known(part.courses.times, LINE)
    if not times:
        return ""
    events = np.concatenate([*times.values(), [1.0, float(part.first.epochs)]])
    at = np.unique(events[np.isfinite(events)])
    found = {loss: Course(at, survival(one, at)) for loss, one in times.items()}
    how = {"log": True, "steps": True, "ends": (0.0, 1.0)}
    chart = part.lines("c", found, across="epoch", up="share not there yet", **how)
    about = (
        "Share of trainings that have not reached the target, 95 % of the way from a constant predictor to a "
        "linear model, by epoch on a logarithmic axis; the sooner it falls, the faster."
    )
    return line_figure("Convergence", about, chart)


def step_sizes(part: Part) -> str:
    """Return the validation score by learning rate, where rates were tuned."""
    found = part.known(part.courses.rates, ARM)
    if part.first["view"] != "tuned" or not found:
        return ""
    how = {"log": True, "dots": True, "bounds": part.bounds}
    chart = part.lines("s", found, across="learning rate", up=f"validation {part.watched}", **how)
    about = f"Validation {part.watched} by learning rate, over the seeds that tune; a ring marks the rate chosen."
    return line_figure("Step-size sensitivity", about, chart)


WIDE = 20
"""The ratio of the largest value to the least from which a scale is one of ratios."""


def parameter_paths(part: Part) -> Iterator[str]:
    """Yield the validation score by the value of each parameter that was tuned."""
    found = part.known(part.courses.values, ARM) if part.first["view"] == "tuned" else {}
    for number, (loss, (name, course)) in enumerate(found.items()):
        wide = bool(course.x.min() > 0 and course.x.max() >= WIDE * course.x.min())
        how = {"log": wide, "dots": True, "bounds": part.bounds}
        chart = part.lines(f"v{number}", {loss: course}, across=name, up=f"validation {part.watched}", **how)
        about = (
            f"Validation {part.watched} by {name}, each value at its best rate, over the seeds that tune; a ring "
            "marks the value chosen."
        )
        yield line_figure(f"{loss.partition(':')[0]}: {name}", about, chart)


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
