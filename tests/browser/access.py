"""What axe-core finds on a page."""

from __future__ import annotations

from typing import Any

import pytest


def violations(page: Any) -> list[tuple[str, str, str]]:
    """Return each rule that is broken, with how many places break it and the first of them."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs pip install -e '.[browser]'")
    found = axe.Axe().run(page).response["violations"]
    return [(one["id"], str(len(one["nodes"])), one["nodes"][0]["html"][:200]) for one in found]
