"""The page says what the tables say, needs no other file, and takes no name for markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from stats.runs import clean
from stats.synthetic import over

from lossbench import Comparison
from lossbench.report.answer import lead
from lossbench.report.page import page, reports
from lossbench.report.tables import rank_table, several, tables
from lossbench.stats.findings import Findings

EMPTY = {"meta", "br"}


class Balance(HTMLParser):
    """Follows the tags that are open, and refuses one that closes another."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:  # noqa: D102
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:  # noqa: D102
        if self.open and self.open[-1] in {"td", "h2"}:
            self.cells.append(data)


def read(text: str) -> Balance:
    """Return the parsed page; every tag is closed."""
    parser = Balance()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_holds_every_table(comparison: Comparison) -> None:
    """Each title and each cell of the tables stands on the page, in their order."""
    cells = read(page(comparison, comparison.curves, [])).cells
    wanted = [text for table in tables(comparison.summary) for text in (table.title, *sum(table.rows, ()))]
    assert cells == [*filter(None, wanted), "How to read it"]


def test_a_loss_has_one_curve_a_chart(comparison: Comparison) -> None:
    """Beside each table stand its differences, its curves by epoch and its curves by share, of all its losses."""
    text = page(comparison, comparison.curves, [])
    for section, table in zip(text.split("<h2>")[1:], tables(comparison.summary), strict=False):
        charts = [ET.fromstring(found) for found in re.findall("<svg.*?</svg>", section, re.DOTALL)]
        losses = {row[table.columns.index("loss")] for row in table.rows}
        assert len(charts) == 3
        for chart in charts[1:]:
            curves = [path for path in chart.iter("path") if path.get("class") == "curve"]
            assert {curve.findtext("title") for curve in curves} == losses


def test_curves_are_left_out_where_there_are_none() -> None:
    """Trials alone, without contamination, still make a page: one chart a table."""
    trials = clean({"bce": np.linspace(0.5, 0.7, 8), "mse": np.linspace(0.6, 0.9, 8)})
    assert page(Findings(trials), None, []).count("<svg") == 1


@pytest.mark.parametrize("name", ['<script src="x">', "a & b", '"quoted"'])
def test_names_are_text(name: str) -> None:
    """A loss, or a remark, that looks like markup is shown as it is."""
    trials = clean({"bce": np.linspace(0.5, 0.7, 8), name: np.linspace(0.6, 0.9, 8)})
    text = page(Findings(trials), None, [f"note     {name}"])
    assert name in read(text).cells
    assert "<script" not in text


def test_the_page_fetches_nothing(comparison: Comparison) -> None:
    """No address, no script, no picture from elsewhere."""
    text = page(comparison, comparison.curves, [])
    assert not re.search(r"https?:|<script|<link|<img|url\(|@import", text)


@pytest.mark.parametrize("data_sets", [2, 6])
def test_several_data_sets_have_a_section(data_sets: int) -> None:
    """Profiles and ranks of all losses, and a picture of the ranks, or how many data sets it lacks."""
    findings = Findings(over(data_sets, 3))
    text = page(findings, None, [])
    section = text.split("<h2>")[-2]
    charts = [ET.fromstring(found) for found in re.findall("<svg.*?</svg>", section, re.DOTALL)]
    profiles = [path.findtext("title") for path in charts[0].iter("path") if path.get("class") == "curve"]
    assert profiles == ["loss0", "loss1", "loss2"]
    assert len([path for path in charts[0].iter("path") if path.get("class") == "around"]) == 3
    assert len(charts) == (1 if data_sets < 6 else 2)
    assert ("4 more data sets are needed" in section) == (data_sets == 2)
    (table,) = map(rank_table, several(findings.ranks))
    assert read(text).cells[-1 - sum(map(bool, sum(table.rows, ()))) :] == [
        *filter(None, sum(table.rows, ())),
        "How to read it",
    ]


def test_both_reports_lead_with_the_answer(comparison: Comparison) -> None:
    """The paragraphs stand in both files before the first table or chart, in their order."""
    first = lead(comparison.answer)
    made = reports(comparison, comparison.curves, [])
    text = read_text(made["report.html"].partition("<h2>")[0])
    assert all(one in text for one in first)
    lines = made["report.md"].split("\n\n")
    plain = [re.sub(r"\\(.)", r"\1", line).strip() for line in lines[: len(first)]]
    assert plain == first


def read_text(page: str) -> str:
    """Return what a browser shows of some HTML."""
    return unescape(re.sub("<[^>]*>", "", page))
