"""Small multiples, for lines too many for one picture: a panel for each loss, the others behind it in grey."""

from __future__ import annotations

from collections.abc import Iterator

from lossbench.report.charts.lines import Lines, description
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.strokes import band, clip_path, line_attributes, path, pointer_range, points

FRAME = Frame(180, 128, 36, 13, 20, 18)


def panels(chart: Lines) -> Iterator[str]:
    """Yield the hidden elements that all panels share, then a panel for each loss."""
    x, y = chart.scales(FRAME)
    yield _shared(chart)
    for number, one in enumerate(chart.lines):
        inner = [band(one, chart, x, y), f'<use {line_attributes(one, chart)} href="#{chart.key}{number}"/>']
        marks = [
            f'<use href="#{chart.key}a"/><use href="#{chart.key}b"/>',
            one.look.marker(8, 9),
            text(16, 13, shortened(one.loss, 24), "title"),
            f'<g clip-path="url(#{chart.key}c)">{"".join(inner)}</g>',
            *points(one, chart, x, y),
        ]
        yield picture(
            description(one, chart), FRAME.width, FRAME.height, marks, f"panel {one.look.name}", pointer_range(x)
        )


def _shared(chart: Lines) -> str:
    """Return the axes and the lines of all losses, which each panel refers to."""
    x, y = chart.scales(FRAME)
    lines = []
    for number, one in enumerate(chart.lines):
        kind = f"other {one.look.name}" + (" ref" if one.loss == chart.reference else "")
        lines.append(f'<path id="{chart.key}{number}" class="{kind}" d="{path(one, chart, x, y)}"/>')
    behind = f'<g id="{chart.key}b" clip-path="url(#{chart.key}c)">{"".join(lines)}</g>'
    parts = f'{clip_path(chart, FRAME)}<g id="{chart.key}a">{FRAME.axes(x, y, ticks=(3, 4))}</g>{behind}'
    return f'<svg class="behind" aria-hidden="true" width="0" height="0"><defs>{parts}</defs></svg>\n'
