"""What a notebook shows of a run: the answer, and the report page in a frame."""

from __future__ import annotations

from collections.abc import Iterable

from lossbench.report.escape import html as escape

BASE = '<base href="about:srcdoc">'
"""Keeps links within the page; without it they would lead to the notebook."""

HEIGHT = 640
"""Height of the frame in pixels."""


def framed(answer: Iterable[str], page: str) -> str:
    """Return the answer, and below it a page in a frame that contains its style and script.

    Viewers without frames, as on code hosting sites, still show the answer.
    """
    said = "".join(f"<p>{escape(one)}</p>" for one in answer)
    inside = page.replace("<head>", f"<head>{BASE}", 1).replace("&", "&amp;").replace('"', "&quot;")
    frame = (
        f'<iframe title="lossbench report" sandbox="allow-scripts allow-downloads" width="100%" height="{HEIGHT}" '
        f'style="border:1px solid #ccc;background:#fff" srcdoc="{inside}"></iframe>'
    )
    return f"<div>{said}{frame}</div>"
