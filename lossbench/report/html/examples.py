"""Examples of what networks output for some test rows: masks, samples, ROC curves and neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lossbench.report.charts.cloud import clouds
from lossbench.report.charts.pixels import image
from lossbench.report.escape import html as escape
from lossbench.report.html.arms import ArmCurve
from lossbench.report.html.document import paragraph
from lossbench.report.html.figure import figure, line_figure, swatch
from lossbench.report.html.run_table import RunTable
from lossbench.run.examples import Example
from lossbench.stats.findings import LINE

WHITE = 255
ONE = "One training a loss, that of the first seed"


def examples_figure(table: RunTable) -> str:
    """Return the figure of examples of a table; empty if there are none."""
    found = table.known(table.curves_by_arm.examples, LINE)
    drawn = {"segmentation": masks, "distribution": samples, "anomaly": roc_curves, "embedding": neighbours}
    return drawn[table.first.task](table, found) if found and table.first.task in drawn else ""


def masks(table: RunTable, found: Mapping[str, Example]) -> str:
    """Return test images, their objects, and the objects that each loss finds."""
    first = next(iter(found.values()))
    name, count = table.first.dataset, len(first["grey"])
    areas = ", ".join(str(int(plane.sum())) for plane in first["truth"])
    given = image(f"{count} test images of {name}, textured noise with brighter objects", first["grey"])
    wanted = image(f"their objects, of {areas} pixels", WHITE * first["truth"])
    rows = [_row("the images", given), _row("the objects", wanted)]
    for loss, example in found.items():
        told = ", ".join(f"{one:.2f}" for one in overlaps(example["truth"], example["found"]))
        seen = image(f"what {loss} takes for objects, dice {told}", WHITE * example["found"])
        rows.append(_row(f"{swatch(table.looks[loss])}{escape(loss)}", seen, f"dice {told}"))
    about = f"{ONE}: {count} test images, the first that have an object, and what each loss takes for one."
    return pictures("Masks", about, rows)


def pictures(title: str, about: str, rows: Sequence[str]) -> str:
    """Return rows of images under a heading; not as a figure, since figures offer to save SVG."""
    return f'<div class="masks"><h3>{title}</h3>{paragraph(about)}<div class="plot">{"".join(rows)}</div></div>\n'


def _row(name: str, drawn: str, told: str = "") -> str:
    said = f"<small>{escape(told)}</small>" if told else ""
    return f'<div class="mask"><span>{name}</span>{drawn}{said}</div>\n'


def overlaps(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the Dice score of each image, (images,); 1 if neither mask has an object.

    Example:
        >>> overlaps(np.array([[[1, 1, 0]], [[0, 0, 0]]]), np.array([[[1, 0, 0]], [[0, 0, 0]]])).round(2)
        array([0.67, 1.  ])
    """
    both = (truth & found).sum(axis=(1, 2))
    either = truth.sum(axis=(1, 2), dtype=int) + found.sum(axis=(1, 2), dtype=int)
    return np.where(either == 0, 1.0, 2 * both / np.maximum(either, 1))


def neighbours(table: RunTable, found: Mapping[str, Example]) -> str:
    """Return test images, each with its nearest training images under each loss."""
    count, width = next(iter(found.values()))["classes"].shape
    rows = [
        _row(f"{swatch(table.looks[loss])}{escape(loss)}", *neighbour_images(loss, one))
        for loss, one in found.items()
    ]
    about = (
        f"{ONE}: {count} test images of {table.first.dataset}, and to the right of each the {width - 1} "
        "training images that the loss puts next to it."
    )
    return pictures("Neighbours", about, rows)


def neighbour_images(loss: str, example: Example) -> tuple[str, str]:
    """Return images with their neighbours, and how many of these have the same class."""
    wanted, *others = example["classes"].T
    alike = [f"{right} of {len(others)}" for right in (others == wanted).sum(axis=0)]
    said = (f"a test image and its neighbours under {loss}, {right} of its class" for right in alike)
    return " ".join(map(image, said, example["seen"])), f"of its class: {', '.join(alike)}"


def samples(table: RunTable, found: Mapping[str, Example]) -> str:
    """Return samples of the generator of each loss, over samples of the law."""
    drawn = clouds([(loss, table.looks[loss], one["law"], one["made"]) for loss, one in found.items()])
    about = (
        f"{ONE}: the first test samples of {table.first.dataset} in grey, and over them as many that the loss's "
        "generator makes of noise."
    )
    return figure("Samples", about, drawn, "panels")


def roc_curves(table: RunTable, found: Mapping[str, Example]) -> str:
    """Return the ROC curves of a table."""
    courses = {loss: ArmCurve(one["fpr"].astype(float), one["tpr"].astype(float)) for loss, one in found.items()}
    how = {"across": "false-positive rate", "up": "true-positive rate", "ends": (0.0, 1.0)}
    about = (
        f"{ONE}: the share of anomalies that are found, by squared error, against that of the normal rows that "
        "are called anomalies; the further up on the left, the better."
    )
    return line_figure("Finding anomalies", about, table.lines("o", courses, **how))
