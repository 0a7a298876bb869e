"""The other pages in a browser: claims and losses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stats.runs import clean

from browser.access import violations
from browser.conftest import Opened
from lossbench.claims import Study, read_catalogue, read_terms, try_claims
from lossbench.claims.report.page import claims_page
from lossbench.report.html.losses import losses_page
from lossbench.report.html.trend import trend_page
from lossbench.report.trend import loss_histories
from lossbench.results.dated_runs import DatedRun

EXACT = ("A1", "A6", "B4", "B5", "C5", "F3")
TRUE = ("A1", "A6", "B5", "C5")
SPREAD = np.linspace(-0.02, 0.03, 8)
NIGHTS = [
    DatedRun(
        Path(f"night-{day}"),
        datetime(2026, 11, day, tzinfo=UTC),
        clean({"bce": 0.8 + SPREAD, "mse": (0.9 if day < 4 else 0.8) + SPREAD * day}),
        {},
    )
    for day in range(1, 6)
]
"""Runs of two losses, of which one falls."""


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the page of some claims that need no training, and that of some losses."""
    folder, catalogue, study = tmp_path_factory.mktemp("other"), read_catalogue(), Study(read_terms(), jobs=1)
    made = {
        "claims": claims_page(try_claims(catalogue, catalogue.find(EXACT), study), catalogue, study),
        "losses": losses_page(["huber", "mae", "mse"]),
        "trend": trend_page(loss_histories(NIGHTS), NIGHTS),
    }
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize("name", ["claims", "losses", "trend"])
@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"width": 360}], ids=["dark", "phone"])
def test_axe_finds_nothing(
    name: str, options: dict[str, Any], visit: Callable[..., Opened], pages: dict[str, Path]
) -> None:
    """Nor is anything wider than the screen."""
    page = visit(pages[name], **options).page
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_claims_are_filtered(visit: Callable[..., Opened], pages: dict[str, Path]) -> None:
    """By verdict, by form, by document and by a word, all at once; how many are left is said."""
    opened = visit(pages["claims"])
    page, status = opened.page, opened.page.locator(".filters [role=status]")

    def left() -> list[str]:
        shown = (card for card in opened.all(".card") if card.is_visible())
        return [card.get_attribute("id").removeprefix("claim-") for card in shown]

    assert left() == list(EXACT)
    page.get_by_label("verdict", exact=True).select_option("true")
    assert (left(), status.inner_text()) == (list(TRUE), f"{len(TRUE)} of {len(EXACT)} shown")
    page.get_by_label("document", exact=True).select_option(index=1)
    assert left() == ["A1", "A6"]
    page.get_by_label("a word", exact=True).fill("SYMMETRIC")
    assert left() == ["A6"]
    page.get_by_label("form", exact=True).select_option("existential")
    assert left() == []
    assert opened.seen("[id^=doc] h2") == 0


def test_claims_are_filtered_by_keys(visit: Callable[..., Opened], pages: dict[str, Path]) -> None:
    """A list takes the first letters of a value, and what is folded opens."""
    opened = visit(pages["claims"])
    opened.page.get_by_label("verdict", exact=True).focus()
    opened.page.keyboard.type("mix")
    assert opened.seen(".card") == 2
    opened.page.locator("#claim-B4 summary").focus()
    opened.page.keyboard.press("Enter")
    assert opened.page.get_by_text("lossbench claims B4").is_visible()


def test_a_unit_is_read_off(visit: Callable[..., Opened], pages: dict[str, Path]) -> None:
    """Under the pointer, and by arrow keys."""
    opened = visit(pages["claims"])
    opened.page.locator("#claim-B4 .sides .mark").first.hover()
    assert opened.page.locator("#claim-B4 .sides .tip").inner_text().endswith(", for")
    opened.page.locator("#claim-B4 .sides .plot").focus()
    opened.page.keyboard.press("End")
    assert opened.page.locator("body > .tip").text_content().endswith(", against")


def test_a_loss_is_switched_off(visit: Callable[..., Opened], pages: dict[str, Path]) -> None:
    """In both pictures, and its values are no longer read off."""
    opened = visit(pages["losses"])
    picture = opened.page.locator("svg.whole").first
    picture.hover()
    said = opened.page.locator(".tip").first.inner_text()
    assert [line.split()[0] for line in said.splitlines()[1:]] == ["huber", "mae", "mse"]
    opened.page.get_by_role("button", name="mae", exact=True).click()
    picture.hover()
    said = opened.page.locator(".tip").first.inner_text()
    assert [line.split()[0] for line in said.splitlines()[1:]] == ["huber", "mse"]


def test_a_change_point_is_ringed_and_read_off(visit: Callable[..., Opened], pages: dict[str, Path]) -> None:
    """The sentence comes first; each loss has a line over the runs, and the one that fell a ring."""
    opened = visit(pages["trend"])
    assert "mse on moons fell" in opened.page.locator("#answer").inner_text()
    assert (opened.seen(".chosen"), len(opened.all("path.line"))) == (1, 2)
