"""What a notebook shows of a result, in a browser: a frame that works by itself and reaches nothing outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lossbench
from browser.conftest import Opened
from lossbench.report.html.notebook import HEIGHT


def test_a_result_in_a_notebook(visit: Callable[..., Opened], tmp_path: Path) -> None:
    """The answer stands above the frame; links lead to parts of the page in it, and a picture can be saved."""
    result = lossbench.compare("iris", ["ce", "mse"], models="linear", seeds=3, epochs=4, outliers=0)
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><title>n</title>{result._repr_html_()}", encoding="utf-8")
    page = visit(notebook, accept_downloads=True).page
    assert page.locator("p").first.inner_text() == str(result.answer).splitlines()[0]
    outside, frame = page.frames
    frame.click("nav a >> nth=-1")
    frame.wait_for_function("document.scrollingElement.scrollTop > 0")
    assert frame.url.startswith("about:srcdoc#")
    assert frame.evaluate("document.title") != outside.evaluate("document.title")
    assert page.locator("iframe").bounding_box()["height"] >= HEIGHT
    with page.expect_download() as saved:
        frame.locator("button", has_text="SVG").first.click()
    assert saved.value.suggested_filename.endswith(".svg")
