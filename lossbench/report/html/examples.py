"""What networks make of some test rows: the masks, samples, curves and neighbours of one table of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lossbench.report.charts.cloud import clouds
from lossbench.report.charts.pixels import image
from lossbench.report.escape import html as escape
from lossbench.report.html.arms import Course
from lossbench.report.html.document import paragraph
from lossbench.report.html.figure import figure, line_figure, swatch
from lossbench.report.html.part import Part
from lossbench.run.examples import Example
from lossbench.stats.findings import LINE

WHITE = 255
ONE = "One training a loss, that of the first seed"


def shown(part: Part) -> str:
    """Return the figure of the examples of a table; empty where there are none."""
    found = part.known(part.courses.examples, LINE)
    drawn = {"segmentation": masks, "distribution": samples, "anomaly": rates, "embedding": neighbours}
    return drawn[part.first.task](part, found) if found and part.first.task in drawn else ""


def masks(part: Part, found: Mapping[str, Example]) -> str:
    """Return images, what is an object in them, and what each loss takes for one."""
    first = next(iter(found.values()))
    name, count = part.first.dataset, len(first["grey"])
    areas = ", ".join(str(int(plane.sum())) for plane in first["truth"])
    given = image(f"{count} test images of {name}, textured noise with brighter objects", first["grey"])
    wanted = image(f"their objects, of {areas} pixels", WHITE * first["truth"])
    rows = [_row("the images", given), _row("the objects", wanted)]
    for loss, example in found.items():
        told = ", ".join(f"{one:.2f}" for one in overlaps(example["truth"], example["found"]))
        seen = image(f"what {loss} takes for objects, dice {told}", WHITE * example["found"])
        rows.append(_row(f"{swatch(part.looks[loss])}{escape(loss)}", seen, f"dice {told}"))
    about = f"{ONE}: {count} test images, the first that have an object, and what each loss takes for one."
    return pictures("Masks", about, rows)


def pictures(title: str, about: str, rows: Sequence[str]) -> str:
    """Return rows of pixels under a heading; no figure, whose tools save drawings as SVG."""
    return f'<div class="masks"><h3>{title}</h3>{paragraph(about)}<div class="plot">{"".join(rows)}</div></div>\n'


def _row(name: str, drawn: str, told: str = "") -> str:
    said = f"<small>{escape(told)}</small>" if told else ""
    return f'<div class="mask"><span>{name}</span>{drawn}{said}</div>\n'


def overlaps(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return the dice of each image, (images,); one where neither has an object.

    Example:
        >>> overlaps(np.array([[[1, 1, 0]], [[0, 0, 0]]]), np.array([[[1, 0, 0]], [[0, 0, 0]]])).round(2)
        array([0.67, 1.  ])
    """
    both = (truth & found).sum(axis=(1, 2))
    either = truth.sum(axis=(1, 2), dtype=int) + found.sum(axis=(1, 2), dtype=int)
    return np.where(either == 0, 1.0, 2 * both / np.maximum(either, 1))


def neighbours(part: Part, found: Mapping[str, Example]) -> str:
    """Return test images, and beside each the training images that each loss puts next to it."""
    count, width = next(iter(found.values()))["classes"].shape
    rows = [_row(f"{swatch(part.looks[loss])}{escape(loss)}", *near(loss, one)) for loss, one in found.items()]
    about = (
        f"{ONE}: {count} test images of {part.first.dataset}, and to the right of each the {width - 1} "
        "training images that the loss puts next to it."
    )
    return pictures("Neighbours", about, rows)


def near(loss: str, example: Example) -> tuple[str, str]:
    """Return images with their neighbours, and how many of these are of the same class."""
    wanted, *others = example["classes"].T
    alike = [f"{right} of {len(others)}" for right in (others == wanted).sum(axis=0)]
    said = (f"a test image and its neighbours under {loss}, {right} of its class" for right in alike)
    return " ".join(map(image, said, example["seen"])), f"of its class: {', '.join(alike)}"


def samples(part: Part, found: Mapping[str, Example]) -> str:
    """Return what each loss's generator puts out beside samples of the law."""
    drawn = clouds([(loss, part.looks[loss], one["law"], one["made"]) for loss, one in found.items()])
    about = (
        f"{ONE}: the first test samples of {part.first.dataset} in grey, and over them as many that the loss's "
        "generator makes of noise."
    )
    return figure("Samples", about, drawn, "panels")


def rates(part: Part, found: Mapping[str, Example]) -> str:
    """Return the ROC curves of a table."""
    courses = {loss: Course(one["fpr"].astype(float), one["tpr"].astype(float)) for loss, one in found.items()}
    how = {"across": "false-positive rate", "up": "true-positive rate", "ends": (0.0, 1.0)}
    about = (
        f"{ONE}: the share of anomalies that are found, by squared error, against that of the normal rows that "
        "are called anomalies; the further up on the left, the better."
    )
    return line_figure("Finding anomalies", about, part.lines("o", courses, **how))
