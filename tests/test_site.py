"""The site can be built, and no link in it leads nowhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("zensical")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site() -> Path:
    """Build the site, as CONTRIBUTING.md says."""
    done = subprocess.run([sys.executable, "docs/site"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT.joinpath("build", "site")


def test_every_link_and_picture_is_there(site: Path) -> None:
    """Whatever a page names within the site is a file of it."""
    for page in site.rglob("*.html"):
        if page.name == "404.html" or "results" in page.parts:
            continue  # its links are for wherever it is shown; a report stands alone
        for link in re.findall(r'(?:href|src)="?([^"#? >]+)', page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:|//", link):
                assert os.path.exists(page.parent / link), f"{page.relative_to(site)}: {link}"


def test_every_claim_and_loss_has_a_page_with_pictures(site: Path) -> None:
    """They are made from the results and from the catalogue."""
    drawn = {str(file.relative_to(site)) for file in site.rglob("*.svg")}
    assert {"claims/C20-units.svg", "claims/T4-moons-adam-accuracy-by-rate.svg"} <= drawn
    assert (site / "losses" / "huber.html").exists()
    assert "huber-regression-gradient.svg" in (site / "losses" / "huber.html").read_text(encoding="utf-8")


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    """No font, style or script is fetched from another host."""
    text = (site / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<(?:script|link)[^>]+(?:src|href)="?(?:https?:)?//(?!www\.w3)', text) == []
