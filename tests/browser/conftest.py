"""A real browser, and the pages that are tried in it; without the extra these tests are not collected."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import lossbench

collect_ignore_glob = [] if find_spec("playwright") else ["test_*.py"]

CHROMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BINARY = ["bce", "mse", "mae", "hinge", "focal", "squared_hinge"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Give a headless Chromium: the system's, or else the one that Playwright installed."""
    from playwright import sync_api as playwright

    system = next(filter(None, map(shutil.which, CHROMES)), None)
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path=system, args=["--no-sandbox"])
        except playwright.Error as problem:
            pytest.skip(f"no Chromium: {str(problem).splitlines()[0]}; playwright install chromium gets one")
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page in a browser, and everything that its console said."""

    page: Any
    said: list[str] = field(default_factory=list)

    def all(self, what: str) -> list[Any]:
        """Return the elements that are like this."""
        return self.page.locator(what).all()

    def seen(self, what: str) -> int:
        """Return how many of them are shown."""
        return sum(one.is_visible() for one in self.all(what))


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Open a file in a context of its own; afterwards the console must have been silent."""
    contexts, visits = [], []

    def open_file(path: Path, width: int = 1280, height: int = 900, **options: Any) -> Opened:
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, **options))
        opened = Opened(contexts[-1].new_page())
        visits.append(opened)
        opened.page.on("console", lambda message: opened.said.append(f"{message.type}: {message.text}"))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda asked: asked.url.startswith("http") and opened.said.append(asked.url))
        opened.page.goto(path.as_uri())
        return opened

    yield open_file
    for context in contexts:
        context.close()
    assert [opened.said for opened in visits] == [[]] * len(visits)


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the pages of some runs: many losses, few of them with rates that were tuned, and one without curves."""
    folder = tmp_path_factory.mktemp("pages")
    brief: dict[str, Any] = {"models": "linear", "seeds": 3, "epochs": 4}
    many = lossbench.compare(["moons", "breast_cancer"], BINARY, lr=0.01, outliers=[0, 0.2], **brief)
    many.save(folder / "many", command="lossbench compare -d moons,breast_cancer")
    tuned = lossbench.compare(["iris"], ["ce", "mse"], lr=[0.001, 0.01, 0.1], tune=True, outliers=0, **brief)
    tuned.save(folder / "tuned")
    bare = lossbench.compare(["diabetes"], ["mse", "mae"], lr=0.01, outliers=0, **brief)
    bare.save(folder / "bare")
    return {name: folder / name / "report.html" for name in ("many", "tuned", "bare")}
