"""The figures of one table of a run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossbench.data.contamination import AT_TEST
from lossbench.report.charts.forest import Against, forest
from lossbench.report.charts.scatter import Point, scatter
from lossbench.report.figures import Spread
from lossbench.report.html.arms import ArmCurve, survival
from lossbench.report.html.document import paragraph
from lossbench.report.html.figure import figure, line_figure
from lossbench.report.html.run_table import RunTable
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
"""Mark and word of each verdict; colours are reserved for losses."""


def differences(table: RunTable) -> str:
    """Return the forest plot of differences from the reference."""
    first, ends = table.first, ["difference", "difference_low", "difference_high"]
    told = table.group[["loss", "verdict", *ends]].itertuples(index=False, name=None)
    rows = [
        Against(loss, table.looks[loss], mean, low, high, "reference" if loss == first.reference else MARKS[word])
        for loss, word, mean, low, high in told
    ]
    margin = table.curves_by_arm.findings.margins.get(first.score, 0.0)
    small = f"; differences in the shaded band, {margin:g}, are too small to matter" if margin else ""
    name = f"{table.score} minus that of {first.reference}"
    about = f"Test {name}, with 95 % intervals of paired differences{small}."
    drawn = forest(name, rows, margin, int(METRICS[first.score].sign))
    return figure(f"How far from {first.reference}", about, drawn, "forest")


def learning_curves(table: RunTable) -> str:
    """Return the figure of the validation score by epoch."""
    found = table.known(table.curves_by_arm.epochs, LINE)
    if not found:
        return paragraph("No learning curves: this run has no curves.csv for them.")
    chart = table.lines("e", found, across="epoch", up=f"validation {table.watched}", bounds=table.bounds)
    seeds = f"mean over {table.first.n} seeds" if table.first.n > 1 else "one seed"
    about = f"Validation {table.watched} by epoch, {seeds}; {table.side} is better."
    return line_figure("Learning curves", about, chart)


def robustness(table: RunTable) -> str:
    """Return the figure of the test score by contaminated share, if there are several."""
    first = table.first
    if not first.largest_share > first.outlier_fraction:
        return ""
    across = f"share of {first.outlier_kind} contamination"
    found = table.known(table.curves_by_arm.shares, LINE)
    chart = table.lines("r", found, across=across, up=f"test {table.score}", dots=True)
    rows = "test" if first.outlier_kind in AT_TEST else "training"
    about = f"Test {table.score} by contaminated share ({first.outlier_kind}) of the {rows} rows; flat is robust."
    return line_figure("Robustness", about, chart)


def convergence(table: RunTable) -> str:
    """Return the figure of the share of trainings that have not reached the target, by epoch."""
    times = table.known(table.curves_by_arm.times, LINE)
    if not times:
        return ""
    events = np.concatenate([*times.values(), [1.0, float(table.first.epochs)]])
    at = np.unique(events[np.isfinite(events)])
    found = {loss: ArmCurve(at, survival(one, at)) for loss, one in times.items()}
    how = {"log": True, "steps": True, "ends": (0.0, 1.0)}
    chart = table.lines("c", found, across="epoch", up="share not there yet", **how)
    about = (
        "Share of trainings that have not reached the target, 95 % of the way from a constant predictor to a "
        "linear model, by epoch on a logarithmic axis; the sooner it falls, the faster."
    )
    return line_figure("Convergence", about, chart)


def step_sizes(table: RunTable) -> str:
    """Return the figure of the validation score by learning rate, if rates were tuned."""
    found = table.known(table.curves_by_arm.rates, ARM)
    if table.first["view"] != "tuned" or not found:
        return ""
    how = {"log": True, "dots": True, "bounds": table.bounds}
    chart = table.lines("s", found, across="learning rate", up=f"validation {table.watched}", **how)
    about = f"Validation {table.watched} by learning rate, over the seeds that tune; a ring marks the rate chosen."
    return line_figure("Step-size sensitivity", about, chart)


LOG_RATIO = 20
"""From this ratio of the largest to the smallest value on, an axis is logarithmic."""


def parameter_paths(table: RunTable) -> Iterator[str]:
    """Yield a figure of the validation score by value for each tuned parameter."""
    found = table.known(table.curves_by_arm.values, ARM) if table.first["view"] == "tuned" else {}
    for number, (loss, (name, course)) in enumerate(found.items()):
        wide = bool(course.x.min() > 0 and course.x.max() >= LOG_RATIO * course.x.min())
        how = {"log": wide, "dots": True, "bounds": table.bounds}
        chart = table.lines(f"v{number}", {loss: course}, across=name, up=f"validation {table.watched}", **how)
        about = (
            f"Validation {table.watched} by {name}, each value at its best rate, over the seeds that tune; a ring "
            "marks the value chosen."
        )
        yield line_figure(f"{loss.partition(':')[0]}: {name}", about, chart)


ROBUSTNESS_FIGURE = (
    "Score against robustness",
    "Across, the test score after clean training; up, robustness: the area under skill over contaminated shares, "
    "relative to clean skill. Up and to the better side is best. Whiskers are 95 % intervals.",
)


def against_robustness(table: RunTable) -> str:
    """Return the scatter plot of score and robustness; empty if no loss has both."""
    group = table.group
    if not (group.robustness.notna() & group["mean"].notna()).any():
        return ""
    scores = map(Spread, group["mean"], group.low, group.high)
    rows = zip(group.loss, scores, spreads(group, "robustness"), strict=True)
    points = [Point(loss, table.looks[loss], across, up) for loss, across, up in rows]
    return scatter(
        str(table.first.dataset), points, (f"test {table.score} ({table.side} is better)", "robustness")
    )
