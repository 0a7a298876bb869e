"""The page of a run in a browser: it is quiet, fits, can be worked by mouse and by keys, and shuts nobody out."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser.access import violations
from browser.conftest import BINARY, Opened

NAMES = ("many", "tuned", "bare")
SECTION = "#d0"


@pytest.fixture
def many(visit: Callable[..., Opened], reports: dict[str, Path]) -> Opened:
    """Give the page of six losses on two data sets."""
    return visit(reports["many"], accept_downloads=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(name: str, scheme: str, visit: Callable[..., Opened], reports: dict[str, Path]) -> None:
    """No rule of axe-core is broken, in either scheme; contrast is one of them."""
    assert violations(visit(reports[name], color_scheme=scheme).page) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(
    name: str, width: int, visit: Callable[..., Opened], reports: dict[str, Path]
) -> None:
    """Neither the page nor a table on it scrolls sideways."""
    page = visit(reports[name], width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('.wide')].filter(one => one.scrollWidth > one.clientWidth).length"
    assert page.evaluate(wide) == 0


@pytest.mark.parametrize("name", NAMES)
def test_how_long_until_it_is_ready(
    name: str, visit: Callable[..., Opened], reports: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is printed and not asserted: the machine may be busy."""
    times = visit(reports[name]).page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    with capsys.disabled():
        print(f"\n{name}: ready after {times:.0f} ms")


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_loss_is_switched_off_and_on(way: str, many: Opened) -> None:
    """It leaves every picture of its section, and no other section; its button says so."""
    button = many.page.locator(f"{SECTION} .legend .switch").nth(2)
    panels = many.seen(f"{SECTION} svg.panel"), many.seen("#d1 svg.panel")
    work(button, way)
    assert button.get_attribute("aria-pressed") == "false"
    charts = many.page.locator(f"{SECTION} .panels").count()
    assert (many.seen(f"{SECTION} svg.panel"), many.seen("#d1 svg.panel")) == (panels[0] - charts, panels[1])
    work(button, way)
    assert (many.seen(f"{SECTION} svg.panel"), button.get_attribute("aria-pressed")) == (panels[0], "true")


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_loss_is_singled_out(way: str, many: Opened) -> None:
    """It alone is left in each picture; once more brings the others back."""
    only = many.page.get_by_role("button", name="only focal").first
    charts = many.page.locator(f"{SECTION} .panels").count()
    work(only, way)
    assert many.seen(f"{SECTION} svg.panel") == charts
    assert many.seen(f"{SECTION} .forest .mark") == 1
    work(only, way)
    assert many.seen(f"{SECTION} svg.panel") == len(BINARY) * charts


def test_a_loss_lights_up_behind_the_others(many: Opened) -> None:
    """Under the pointer and under the focus, in all pictures of its section."""
    item = many.page.locator(f"{SECTION} .legend li").nth(1)
    name = item.get_attribute("data-l")
    item.hover()
    assert many.page.locator(f"{SECTION} .other.{name}.lit").count() > 0
    many.page.locator("h1").hover()
    assert many.page.locator(".other.lit").count() == 0
    item.get_by_role("button").first.focus()
    assert many.page.locator(f"{SECTION} .other.{name}.lit").count() > 0


def test_values_are_read_off_by_pointer(many: Opened) -> None:
    """The epoch under the pointer, the loss of the panel and the reference, with half of their intervals."""
    many.page.locator(f"{SECTION} .lines svg.panel").nth(1).hover()
    tip = many.page.locator(f"{SECTION} .lines .tip").first.inner_text()
    assert re.fullmatch(r"epoch \d\nmse [\d.]+ ±[\d.]+\nbce [\d.]+ ±[\d.]+", tip)
    many.page.locator(f"{SECTION} .forest .mark").nth(1).hover()
    assert re.match(r"\w+: ", many.page.locator(f"{SECTION} .forest .tip").inner_text())
    many.page.mouse.move(5, 5)
    assert many.seen(".plot .tip") == 0


def test_values_are_read_off_by_keys(many: Opened) -> None:
    """Arrows move along a line and from panel to panel, and what is read is told to a screen reader."""
    plots = many.page.locator(f"{SECTION} .lines .plot")
    status = many.page.get_by_role("status")
    plots.first.focus()
    said = []
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowDown", "Home"):
        many.page.keyboard.press(key)
        said.append(status.text_content().split("\n")[:2])
    assert [place for place, _ in said] == ["epoch 1", "epoch 2", "epoch 4", "epoch 4", "epoch 1"]
    assert [value.split()[0] for _, value in said] == ["bce", "bce", "bce", "mse", "mse"]
    many.page.keyboard.press("Escape")
    assert many.seen(".plot .tip") == 0
    many.page.locator(f"{SECTION} .forest .plot").focus()
    told = set()
    for _ in BINARY:
        many.page.keyboard.press("ArrowDown")
        told.add(status.text_content().partition(":")[0])
    assert told == set(BINARY)


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_table_is_sorted_by_a_heading(way: str, many: Opened) -> None:
    """Numbers by their size, names by the alphabet, up and then down; the heading says which."""
    table = many.page.locator(f"{SECTION} table").first
    head = table.locator("thead th").filter(has_text="loss")
    names = lambda: table.locator("tbody th").all_inner_texts()  # noqa: E731
    work(head.get_by_role("button"), way)
    assert (head.get_attribute("aria-sort"), names()) == ("ascending", sorted(BINARY))
    work(head.get_by_role("button"), way)
    assert (head.get_attribute("aria-sort"), names()) == ("descending", sorted(BINARY, reverse=True))
    score = table.locator("thead th").filter(has_text="accuracy").first
    work(score.get_by_role("button"), way)
    column = table.locator("thead th").all_text_contents().index("accuracy")
    cells = [float(row.split("\t")[column].split()[0]) for row in table.locator("tbody tr").all_inner_texts()]
    assert cells == sorted(cells)
    assert head.get_attribute("aria-sort") is None


def test_a_table_is_filtered(many: Opened) -> None:
    """Only rows with the word stay, whatever its case."""
    many.page.locator(f"{SECTION} input").first.fill("HINGE")
    assert many.page.locator(f"{SECTION} tbody").first.locator("th:visible").all_inner_texts() == [
        name
        for name in many.page.locator(f"{SECTION} tbody").first.locator("th").all_text_contents()
        if "hinge" in name
    ]


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_table_is_saved(way: str, many: Opened) -> None:
    """As CSV, with every column and row of it."""
    table = many.page.locator(f"{SECTION} .table").first
    rows = [*csv.reader(io.StringIO(saved(many.page, table.get_by_role("button", name="CSV"), way).decode()))]
    assert rows[0] == table.locator("thead th").all_text_contents()
    assert sorted(row[rows[0].index("loss")] for row in rows[1:]) == sorted(BINARY)


@pytest.mark.parametrize("way", ["mouse", "keys"])
@pytest.mark.parametrize(
    "title", ["How far from bce", "Learning curves", "Convergence", "Score against robustness"]
)
def test_a_picture_is_saved(way: str, title: str, many: Opened) -> None:
    """As SVG that stands alone, with the names of all losses, and as PNG."""
    figure = many.page.locator("figure").filter(has_text=title).first
    text = saved(many.page, figure.get_by_role("button", name="SVG"), way)
    root = ET.fromstring(text)
    assert not [node for node in root.iter() if node.tag.endswith("}use") or "var(" in str(node.get("style"))]
    assert {node.text for node in root.iter() if node.tag.endswith("}text")} >= set(BINARY)
    assert saved(many.page, figure.get_by_role("button", name="PNG"), way).startswith(b"\x89PNG")


def test_it_prints(many: Opened) -> None:
    """What is only for a screen is not on paper, and all pictures are."""
    many.page.emulate_media(media="print")
    assert (many.seen(".tools"), many.seen("nav")) == (0, 0)
    assert many.seen("figure svg.panel") > len(BINARY)


def test_it_can_be_read_without_its_script(visit: Callable[..., Opened], reports: dict[str, Path]) -> None:
    """Answer, legend, pictures and tables are there."""
    opened = visit(reports["many"], java_script_enabled=False)
    assert opened.page.locator("figure svg.panel").count() > len(BINARY)
    assert opened.page.locator(f"{SECTION} .legend li").count() == len(BINARY)
    assert opened.page.locator(".answer").is_visible()


def work(button: Any, way: str) -> None:
    """Press a button with the mouse, or with the keyboard once it has the focus."""
    if way == "mouse":
        button.click()
    else:
        button.focus()
        button.press("Enter")


def saved(page: Any, button: Any, way: str) -> bytes:
    """Return the file that a button saves."""
    with page.expect_download() as waiting:
        work(button, way)
    return Path(waiting.value.path()).read_bytes()
