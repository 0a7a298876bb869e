"""What `report.html` costs: seconds beside those of the statistics, bytes, and until a browser shows it.

python benchmarks/pages.py [--run results/reference] [--times 5]

The last needs the extra `browser` and a Chromium; without them it is left out.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from lossbench.report.html.run import run_page
from lossbench.results.remake import Remade, remake

CHROMES = ("chromium", "chromium-browser", "google-chrome")
READY = "performance.getEntriesByType('navigation')[0].loadEventEnd"


def judge(made: Remade) -> None:
    """Compute all that the page shows."""
    for name in ("summary", "comparisons", "ranks", "profiles", "answer"):
        getattr(made, name)


def ready(text: str, times: int) -> list[float]:
    """Return after how many milliseconds Chromium has a page ready, time after time; none without one."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    found = next(filter(None, map(shutil.which, CHROMES)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        file = Path(folder) / "report.html"
        file.write_text(text, encoding="utf-8")
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        tab = browser.new_page()
        seen = []
        for _ in range(times + 1):  # the first one also starts the browser's own parts
            tab.goto(file.as_uri())
            seen.append(float(tab.evaluate(READY)))
        browser.close()
    return seen[1:]


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("results/reference"))
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    made = remake(options.run)
    start = time.perf_counter()
    judge(made)
    judged = time.perf_counter() - start
    spent = []
    for _ in range(options.times):
        start = time.perf_counter()
        text = run_page(made, made.curves, made.remarks(), made.manifest)
        spent.append(time.perf_counter() - start)
    written = statistics.median(spent)
    print(f"statistics {judged:.2f} s, page {written:.2f} s, {written / judged:.2f} times that")
    print(f"{len(text.encode())} bytes")
    if seen := ready(text, options.times):
        print(f"ready in Chromium after {statistics.median(seen):.0f} ms, {min(seen):.0f} to {max(seen):.0f}")


if __name__ == "__main__":
    main()
