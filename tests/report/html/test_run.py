"""The page of a run says what the tables say, needs no other file, and takes no name for markup."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from stats.runs import clean
from stats.synthetic import over

import lossbench
from lossbench import Comparison
from lossbench.remark import Topic
from lossbench.report.answer.run import lead
from lossbench.report.escape import html as escape
from lossbench.report.html.across import pairs_told_apart
from lossbench.report.html.document import asset
from lossbench.report.html.ending import legend_list
from lossbench.report.html.run import run_page
from lossbench.report.save import reports
from lossbench.report.tables import rank_table, ranks_by_task, tables
from lossbench.report.words.legend import ACROSS, LEGEND, laid_out
from lossbench.report.words.remark import worded
from lossbench.results.manifest import Manifest
from lossbench.results.remake import remake
from lossbench.results.remarks.run import remarks as made
from lossbench.stats.findings import Findings
from report.html.reading import pictures, read, sections, seen

REFERENCE = Path(lossbench.__file__).parents[1] / "results" / "reference"
LARGEST = 600_000  # bytes of the page of the default run


@pytest.fixture(scope="module")
def reference() -> str:
    """Give the page of the default run, made again."""
    made = remake(REFERENCE)
    return run_page(made, made.curves, made.remarks(), made.manifest)


def test_the_page_of_the_default_run_is_small(reference: str) -> None:
    """It can be sent by mail, and opened from there."""
    assert len(reference.encode()) < LARGEST


def test_every_place_that_is_named_is_there_once(reference: str) -> None:
    """What is linked to or used on the page stands on it, and no two things have one name."""
    found = read(reference)
    assert len(found.ids) == len(set(found.ids))
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    assert all(link.startswith("#") for link in found.links)


def test_the_page_holds_every_table(comparison: Comparison) -> None:
    """Each title and each cell of the tables stands on the page, in their order."""
    text = run_page(comparison, comparison.curves)
    found = sections(text)
    for number, table in enumerate(tables(comparison.summary)):
        cells = read(found[f"d{number}"].partition(">")[2]).cells
        assert cells == [table.title, *table.columns, *sum(table.rows, ())]


def test_a_figure_names_every_loss(comparison: Comparison) -> None:
    """Each picture of lines, and the forest plot, shows all losses of its table; the legend lists them."""
    found = sections(run_page(comparison, comparison.curves))
    for number, table in enumerate(tables(comparison.summary)):
        losses = {row[table.columns.index("loss")] for row in table.rows}
        body = found[f"d{number}"]
        assert set(re.findall(r"<li data-l[^>]*>.*?<span>(.*?)</span>", body)) == losses
        for figure in re.findall("<figure.*?</figure>", body, re.DOTALL):
            drawn = {node.text for picture in pictures(figure) for node in picture.iter("text")}
            told = " ".join(str(picture.get("aria-label")) for picture in pictures(figure))
            assert losses <= drawn or 'class="plane"' in figure
            assert all(loss in told for loss in losses) or 'class="plane"' in figure


def test_bold_is_only_what_differs(comparison: Comparison) -> None:
    """Where all losses share the first letter no row stands out."""
    found = sections(run_page(comparison, comparison.curves))
    for number, table in enumerate(tables(comparison.summary)):
        bold = len(table.best) if len(table.best) < len(table.rows) else 0
        assert found[f"d{number}"].count('class="best"') == bold


def test_a_run_without_curves_stands(comparison: Comparison) -> None:
    """It says in each section that there are none, and at the end why."""
    trials = clean({"bce": np.linspace(0.5, 0.7, 8), "mse": np.linspace(0.6, 0.9, 8)})
    text = run_page(Findings(trials), None, [Topic.NO_CURVES()])
    assert "No learning curves" in sections(text)["d0"]
    assert "it holds no curves" in sections(text)["missing"]
    assert text.count("<figure") == 2
    assert "No learning curves" in run_page(comparison, comparison.curves.iloc[:0])


@pytest.mark.parametrize("name", ['<script src="x">', "a & b", '"quoted"', "</style><b>", "' onload='x"])
def test_names_are_text(name: str) -> None:
    """A loss, a remark or a manifest that looks like markup is shown as it is, in the title too."""
    trials = clean({"bce": np.linspace(0.5, 0.7, 8), name: np.linspace(0.6, 0.9, 8)})
    manifest = Manifest({"command": name, "machine": {name: name}, "datasets": {name: {name: name}, "x": 3}})
    text = run_page(Findings(trials), None, [Topic.FAILED(failure=name)], manifest)
    assert name in read(text).cells
    assert text.count("<script") == 1
    assert text.count("</style>") == 1
    assert "<b>" not in text
    assert re.search("<title>(.*?)</title>", text)[1].count("<") == 0
    assert seen(sections(text)["run"]).count(name) >= 4


def test_the_name_of_a_data_set_is_whole() -> None:
    """It is set apart from what stands behind it in the title, whatever blanks it has."""
    trials = clean({"bce": np.linspace(0.5, 0.7, 8)}).assign(dataset="a folder/my table.csv")
    assert ">a folder/my table.csv <small>(" in run_page(Findings(trials), None)


def test_the_page_fetches_nothing(comparison: Comparison) -> None:
    """No address, no picture from elsewhere, and one script, which the page's own policy names."""
    text = run_page(comparison, comparison.curves)
    assert not re.search(r"https?:|<link|<img|url\((?!#)|@import|\bsrc=", text)
    assert text.count("<script") == 1
    assert "default-src 'none'" in text
    assert asset("script.js") in text


@pytest.mark.parametrize("data_sets", [2, 6])
def test_several_data_sets_have_a_section(data_sets: int) -> None:
    """Profiles and ranks of all losses, wins, and a picture of the ranks or how many data sets it lacks."""
    findings = Findings(over(data_sets, 3))
    body = sections(run_page(findings, None))["a0"]
    assert ("4 more data sets are needed" in body) == (data_sets == 2)
    assert ("Critical differences" in body) == (data_sets == 6)
    (table,) = map(rank_table, ranks_by_task(findings.ranks))
    cells = read(body.partition(">")[2]).cells
    assert cells[0] == table.title
    kept = table if any(row[0] for row in table.rows) else table.without("abc")
    assert cells[1 : 1 + len(kept.columns) * (1 + len(kept.rows))] == [*kept.columns, *sum(kept.rows, ())]


def test_wins_are_those_of_the_pairs() -> None:
    """A loss beats another on as many data sets as the corrected tests say, whichever of the two comes first."""
    findings = Findings(over(6, 3))
    (rows,) = ranks_by_task(findings.ranks)
    found = pairs_told_apart(findings.comparisons, rows.iloc[0]).value_counts().to_dict()
    wanted: dict[tuple[str, str], int] = {}
    for one in findings.comparisons.itertuples():
        if one.verdict.startswith(("better", "worse")):
            pair = (one.second, one.first) if one.verdict.startswith("better") else (one.first, one.second)
            wanted[pair] = wanted.get(pair, 0) + 1
    assert found == wanted
    assert wanted


def test_both_reports_lead_with_the_answer(comparison: Comparison) -> None:
    """The paragraphs stand in both files before the first table or chart, in their order."""
    first = lead(comparison.answer)
    made = reports(comparison, comparison.curves, [])
    text = seen(made["report.html"].partition("<h2>")[0])
    places = [text.index(one) for one in first]
    assert places == sorted(places)
    lines = made["report.md"].split("\n\n")
    plain = [re.sub(r"\\(.)", r"\1", line).strip() for line in lines[: len(first)]]
    assert plain == first


def test_a_run_has_a_title_of_its_own(comparison: Comparison) -> None:
    """Its losses on its data sets, for the tab and above all else."""
    text = run_page(comparison, None)
    wanted = "mse, mae and huber:delta=1.35 on diabetes and iris"
    assert re.findall("<h1>(.*?)</h1>", text) == [wanted]
    assert re.search("<title>(.*?)</title>", text)[1] == wanted


def test_it_says_what_the_run_was(reference: str) -> None:
    """Command, versions, machine, protocol, estimand, and what was left out."""
    found = sections(reference)
    run = seen(found["run"])
    assert all(
        word in run
        for word in ("lossbench compare", "torch 2", "Linux", "mlp:16, adam lr 0.01", "rows like these")
    )
    assert "mape on friedman1" in seen(found["missing"])


def test_a_remark_stands_under_its_heading(comparison: Comparison) -> None:
    """All of it, and the heading is a name of its own."""
    remarks = [Topic.UNDEFINED(dataset="wine", score="r2", seeds=(1,)), *made(comparison)]
    page = run_page(comparison, comparison.curves, remarks)
    for remark in remarks:
        name, text = worded(remark)
        assert name == name.strip()
        assert f"<dt>{name}</dt>" in page
        assert f"<dd>{escape(text)}</dd>" in page


def test_all_of_the_legend_is_there() -> None:
    """Each word of it, in order; what is laid out in lines says the same."""
    for legend in (LEGEND, (*LEGEND, *ACROSS)):
        text = " ".join(seen(legend_list(legend).replace("<", " <")).split())
        assert text == " ".join(" ".join(laid_out(legend)).split())
