"""A figure: pictures with a caption, and the legend of their losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lossbench.report.charts.lines import Lines
from lossbench.report.charts.look import Look
from lossbench.report.charts.overlay import overlay
from lossbench.report.charts.panels import panels
from lossbench.report.escape import html as escape

PANELS = "One panel a loss, the others behind it in grey"
BAND = "The band is the 95 % interval of the mean."


def figure(title: str, about: str, pictures: str, kind: str = "", data: str = "") -> str:
    """Return a figure: its heading, what is drawn and how, and the pictures; `data` is for the script."""
    caption = f"<figcaption><h3>{escape(title)}</h3><p>{escape(about)}</p></figcaption>"
    return f'<figure class="{kind}"{data}>{caption}\n<div class="plot">{pictures}</div></figure>\n'


def line_figure(title: str, about: str, chart: Lines) -> str:
    """Return a figure of lines, with its layout explained in the caption."""
    drawn = chart.thinned()
    pictures = "".join(panels(drawn)) if chart.crowded else overlay(drawn)
    layout = (PANELS + (", the reference dashed." if chart.reference else ".")) if chart.crowded else ""
    band = BAND if any(one.low is not None for one in chart.lines) else ""
    data = f' data-x="{drawn.values()}" data-across="{escape(chart.across)}"'
    kind = "lines panels" if chart.crowded else "lines"
    return figure(title, " ".join(filter(None, [about, layout, band])), pictures, kind, data)


def legend(losses: Iterable[str], looks: Mapping[str, Look], reference: str = "") -> str:
    """Return the legend of a section: each loss with its marker."""
    items = "".join(_entry(loss, looks[loss], loss == reference) for loss in losses)
    return f'<ul class="legend" aria-label="Losses">{items}</ul>\n'


def _entry(loss: str, look: Look, reference: bool) -> str:
    more = " <small>reference</small>" if reference else ""
    return f'<li data-l="{look.name}">{swatch(look)}<span>{escape(loss)}</span>{more}</li>'


def swatch(look: Look) -> str:
    """Return the marker of a loss, beside its name."""
    size = 'viewBox="0 0 12 12" width="12" height="12"'
    return f'<svg class="swatch" {size} aria-hidden="true">{look.marker(6, 6)}</svg>'
