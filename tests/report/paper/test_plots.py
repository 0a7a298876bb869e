"""Figures show the numbers of the run, are the same bytes every time, and no name breaks them."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stats.runs import clean, finished

import lossbench
from lossbench.errors import BadValue, UnknownName
from lossbench.report.critical import tied
from lossbench.report.paper.figure_data import all_figure_data
from lossbench.report.paper.plots import KINDS, find_places, plot, save_figures
from lossbench.report.paper.style import COLUMN, spread_out
from lossbench.results.write import trials_csv
from lossbench.stats.findings import Findings, share_curves

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
from matplotlib import pyplot  # noqa: E402
from matplotlib.image import imread  # noqa: E402

SCORES = {
    "bce": np.linspace(0.7, 0.9, 24).reshape(6, 4),
    "mse": np.linspace(0.6, 0.9, 24).reshape(6, 4),
    "mae": np.linspace(0.2, 0.5, 24).reshape(6, 4),
}
DIRTY = Findings(finished(SCORES, shares=[0.0, 0.1, 0.2, 0.4]))


def over_sets(count: int) -> Findings:
    """Return findings on four losses, one behind the other, over some data sets."""
    random = np.random.default_rng(0)
    gaps = {"bce": 0.0, "mse": 0.0, "mae": -0.2, "hinge": -0.3}
    runs = [
        clean({loss: 0.8 + gap + random.normal(0, 0.005, 4) for loss, gap in gaps.items()}).assign(dataset=f"d{k}")
        for k in range(count)
    ]
    return Findings(pd.concat(runs, ignore_index=True))


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has drawn."""
    yield
    pyplot.close("all")


def test_the_forest_plot_shows_the_differences() -> None:
    """A marker a loss stands at its difference, on its line; the reference has none."""
    ax = plot(DIRTY, None, "forest", None, None)
    marks = [line for line in ax.get_lines() if line.get_marker() not in ("None", None) and len(line.get_xdata())]
    rows = DIRTY.summary[DIRTY.summary.loss != "bce"]
    assert sorted(mark.get_xdata()[0] for mark in marks) == pytest.approx(sorted(rows.difference))
    assert {text.get_text() for text in ax.get_yticklabels()} == set(SCORES)


def test_a_filled_marker_is_a_verdict() -> None:
    """Open differences are drawn open, whatever their size."""
    ax = plot(DIRTY, None, "forest", None, None)
    marks = {line.get_xdata()[0]: line for line in ax.get_lines() if len(line.get_xdata()) == 1}
    for row in DIRTY.summary.dropna(subset="verdict").itertuples():
        assert (marks[row.difference].get_markerfacecolor() == "white") == (row.verdict == "inconclusive")


def test_robustness_shows_the_means_by_share() -> None:
    """The line of each loss has the mean score under every share."""
    ax = plot(DIRTY, None, "robustness", None, None)
    for line, loss in zip(ax.get_lines(), SCORES, strict=True):
        assert line.get_xdata() == pytest.approx([0.0, 0.1, 0.2, 0.4])
        assert line.get_ydata() == pytest.approx(SCORES[loss].mean(axis=0))


def test_share_curves_have_the_intervals_of_the_summary() -> None:
    """At the smallest share, mean and interval are those over seeds, so a law's are the summary's."""
    found = share_curves(DIRTY.trials)
    least = found[found.outlier_fraction == 0.0].set_index("loss")
    wanted = DIRTY.summary.set_index("loss")
    pd.testing.assert_frame_equal(
        least[["mean", "low", "high"]], wanted[["mean", "low", "high"]], check_names=False
    )


def test_learning_curves_show_the_validation_scores(comparison: lossbench.Comparison) -> None:
    """The lines are those of `curves.csv` at the smallest share; a program may bring its own axes."""
    _, mine = pyplot.subplots()
    names = [shown.name for shown in all_figure_data(comparison, comparison.curves)]
    ax = comparison.plot("curves", names[0], ax=mine)
    assert ax is mine
    curves = comparison.curves
    first = curves[
        (curves.dataset == "diabetes") & (curves.lr == curves.lr.iloc[0]) & (curves.outlier_fraction == 0)
    ]
    for line, (_, rows) in zip(ax.get_lines(), first.groupby("loss", sort=False), strict=True):
        assert line.get_ydata() == pytest.approx(rows["mean"].to_numpy(), nan_ok=True)


def test_every_table_can_be_drawn_by_its_name(comparison: lossbench.Comparison) -> None:
    """The names are those that answers print; each finds the rows of its own data set and setting."""
    shown = all_figure_data(comparison, comparison.curves)
    assert len({one.name for one in shown}) == len(shown) == len(comparison.answers)
    for one, answer in zip(shown, comparison.answers, strict=True):
        assert set(one.rows.dataset) == {answer.dataset}
        assert set(one.rows.lr) == {answer.setting["lr"]}


def test_ranks_are_drawn_from_six_data_sets_on() -> None:
    """Names stand with their ranks and a bar over those not told apart; with fewer, the error says how many."""
    found = over_sets(12)
    places = find_places(found, None)
    ax = plot(found, None, "ranks", None, None)
    assert {text.get_text() for text in ax.texts} == {f"{place.name} {place.rank:.1f}" for place in places}
    assert sum(line.get_linewidth() == 2 for line in ax.get_lines()) == len([*tied(places)]) == 1
    with pytest.raises(BadValue, match="4 more data sets are needed"):
        plot(over_sets(2), None, "ranks", None, None)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("forrest", None), UnknownName, "did you mean 'forest'"),
        (("forest", "wine"), UnknownName, "unknown table 'wine'"),
        (("curves", None), BadValue, "no learning curves"),
        (("ranks", None), BadValue, "no task has more than one"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: tuple[str, str | None], error: type, said: str) -> None:
    """The message says what there is, or what is missing."""
    with pytest.raises(error, match=said):
        plot(DIRTY, None, *arguments, None)


def test_of_several_tables_one_is_named(comparison: lossbench.Comparison) -> None:
    """Without a name the message lists them; the name of a data set with several is not enough."""
    for on in (None, "diabetes"):
        with pytest.raises(BadValue, match=r"name the one to plot, as on=.diabetes, lr 0"):
            comparison.plot("forest", on)
    with pytest.raises(BadValue, match="has one contaminated share"):
        plot(Findings(clean({"a": [0.1, 0.2], "b": [0.1, 0.3]})), None, "robustness", None, None)


def test_files_are_the_same_bytes_and_a_column_wide(tmp_path: Path) -> None:
    """Twice the same run gives the same files; the PNG is a column wide at 300 dots an inch, the SVG is XML."""
    names = save_figures(DIRTY, None, tmp_path / "one")
    assert names == save_figures(DIRTY, None, tmp_path / "two")
    assert {name.rpartition(".")[0] for name in names} == {"moons-forest", "moons-robustness"}
    for name in names:
        content = (tmp_path / "one" / name).read_bytes()
        assert content == (tmp_path / "two" / name).read_bytes()
        if name.endswith("svg"):
            ET.fromstring(content)
        if name.endswith("png"):
            assert imread(tmp_path / "one" / name).shape[1] == pytest.approx(300 * COLUMN, abs=1)
        assert b"/Type3" not in content


def test_no_name_breaks_a_figure(tmp_path: Path) -> None:
    """A loss and a data set may be called anything that can be seen, and are shown so."""
    names = ["$x$", "$", "a_b^c", "_hidden", "\\frac{", "x" * 80, "<&>", "%d {}"]
    trials = finished(dict.fromkeys(names, SCORES["bce"]) | SCORES, shares=[0.0, 0.1, 0.2, 0.4])
    found = Findings(trials.assign(dataset="$\\x_{"))
    assert len(save_figures(found, None, tmp_path)) == 6
    ax = plot(found, None, "robustness", None, None)
    assert len(ax.texts) == len(names) + 3


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12), st.floats(0.01, 2))
def test_names_keep_their_distance(values: list[float], gap: float) -> None:
    """Positions are a gap apart, in the order of the values; where values are, nothing moves."""
    found = spread_out(values, gap, 0.0, 10.0)
    steps = np.diff(np.sort(found))
    assert (steps >= gap * (1 - 1e-9) - 1e-9).all()
    assert (np.argsort(found, kind="stable") == np.argsort(values, kind="stable")).all()
    if (np.diff(np.sort(values)) >= gap).all() and max(values) + gap <= 10:
        assert found == pytest.approx(values)


def test_without_matplotlib_the_extra_is_named(tmp_path: Path) -> None:
    """The error says what to install, from a program and from the command line alike; no folder is made."""
    (tmp_path / "trials.csv").write_text(trials_csv(DIRTY.trials))
    program = (
        "import sys; sys.modules['matplotlib'] = None; from lossbench.cli import run; "
        "sys.exit(run(['report', 'trials.csv', '--figures', 'figures']))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'lossbench[plots]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "figures").exists()


def test_matplotlib_is_imported_only_to_draw() -> None:
    """Neither a comparison nor its LaTeX imports it."""
    program = (
        "import sys, lossbench; "
        "r = lossbench.compare('iris', ['ce', 'mse'], seeds=2, epochs=1, outliers=0, jobs=1); "
        "r.to_latex(), r._repr_html_(), repr(r); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_the_kinds_are_these() -> None:
    """The names that a program passes."""
    assert KINDS == ("forest", "curves", "robustness", "ranks")
