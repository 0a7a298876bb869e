"""Makes the pictures of the README: its badges, a run in the terminal and the page of the reference run.

It is run as `python docs/pictures`, with the extra `browser` installed.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from badges import badges
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
REPORT = HERE.parents[1] / "results" / "reference" / "report.html"
COMMAND = ["lossbench", "compare", "-d", "moons"]
COLUMNS = 80
SHOWN = "digits"
"""The data set that the page is opened at."""

FOREIGN = re.compile(r"@font-face \{.*?\}", re.DOTALL)
"""A font that would be fetched from elsewhere."""


def terminal() -> str:
    """Return what a run prints in a terminal, as SVG."""
    coloured = os.environ | {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", *COMMAND]
        printed = subprocess.run(command, cwd=folder, env=coloured, capture_output=True, check=True)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(printed.stdout.decode()))
    return FOREIGN.sub("", console.export_svg(title=" ".join(COMMAND)))


def page() -> bytes:
    """Return a part of the page of the run, as PNG."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1100, "height": 1000})
        opened.goto(REPORT.as_uri())
        opened.get_by_role("link", name=SHOWN, exact=True).first.click()
        return opened.screenshot()


if __name__ == "__main__":
    (HERE / "badges.svg").write_text(badges(), encoding="utf-8")
    (HERE / "terminal.svg").write_text(terminal(), encoding="utf-8")
    (HERE / "report.png").write_bytes(page())
