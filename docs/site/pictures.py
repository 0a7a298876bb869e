"""Pictures of the reports as files of their own."""

from __future__ import annotations

from lossbench.report.charts.look import Look
from lossbench.report.html.document import asset


def svg(picture: str, looks: dict[str, Look]) -> str:
    """Return a picture that stands alone, with the style of the pages, light and dark."""
    rules = asset("style.css") + "".join(look.rule for look in looks.values())
    head = '<svg xmlns="http://www.w3.org/2000/svg"'
    start = picture.index(">", picture.index("<svg")) + 1
    return f"{head}{picture[4:start]}<style>{rules}</style>{picture[start:]}"
