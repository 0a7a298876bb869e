from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lossbench.losses import catalogue
from lossbench.report.catalogue import losses_document, whole_catalogue
from lossbench.task import TASKS


def words(text: str) -> str:
    """Return a text with all white space alike: long lines are broken."""
    return " ".join(text.split())


def test_the_list_is_the_catalogue(inside: Callable) -> None:
    """Every loss is listed as often as there are tasks that it serves, with its parameters, within 100 columns."""
    outcome = inside("losses")
    first = [line.split()[0] for line in outcome.out.splitlines() if line.strip()]
    for record in catalogue():
        assert first.count(record.name) == sum(other.name == record.name for other in catalogue())
        assert all(f"{p.name}={p.default:g}" in outcome.out for p in record.parameters)
    assert max(map(len, outcome.out.splitlines())) <= 100
    assert (outcome.code, outcome.err) == (0, "")


def test_the_matrix_has_every_loss_once(inside: Callable) -> None:
    """Losses against tasks, within 100 columns, no name broken; the same cells in every format."""
    outcome = inside("losses", "--matrix")
    first = [line.split()[0] for line in outcome.out.splitlines() if line.strip()]
    assert all(first.count(name) == 1 for name in {record.name for record in catalogue()})
    assert max(map(len, outcome.out.splitlines())) <= 100
    rows = json.loads(inside("losses", "--matrix", "--format", "json").out)
    assert pd.read_csv(io.StringIO(inside("losses", "--matrix", "--format", "csv").out)).to_dict("records") == rows
    markdown = inside("losses", "--matrix", "--format", "markdown").out
    assert all(f"| {row['loss']} | " in markdown for row in rows)


def test_a_row_of_the_matrix_for_one_loss(inside: Callable, tmp_path: Path) -> None:
    """One loss against the tasks, the user's own too, with what went wrong on the others."""
    (tmp_path / "mine.py").write_text("def f(p, t): return (p - t).square()")
    (row,) = json.loads(inside("losses", "mine.py:f", "--matrix", "--format", "json").out)
    assert (row["loss"], row["regression"]) == ("mine.py:f", "yes")
    assert row["multiclass"].startswith("it raised RuntimeError")


@pytest.mark.parametrize("name", sorted({record.name for record in catalogue()}))
def test_a_loss_is_shown_whole(inside: Callable, name: str) -> None:
    """Formula, source, link and every parameter with its range and default, drawn, for each task."""
    outcome = inside("losses", name)
    shown = words(outcome.out)
    for record in (record for record in catalogue() if record.name == name):
        assert f"{name} ({record.task}): {words(record.summary)}" in shown
        for text in (record.formula, record.source, record.facts.estimates, f"link {record.link}"):
            assert words(text) in shown
        for parameter in record.parameters:
            assert words(parameter.description) in shown
        if record.placebo:
            assert f"the same function as {record.placebo}" in shown
    assert outcome.out.count("└") == 2 * sum(record.name == name for record in catalogue())
    assert max(map(len, outcome.out.splitlines())) <= 100


def test_an_alias_leads_to_the_loss_and_parameters_are_shown(inside: Callable) -> None:
    """An alias shows what the name shows; a parameter that is given stands beside its default."""
    assert inside("losses", "cce").out.startswith("ce (multiclass)")
    assert "default 1; here 1.35" in words(inside("losses", "huber:delta=1.35").out)
    assert "; here" not in inside("losses", "huber").out


def test_where_a_loss_does_not_fit_the_reason_is_given(inside: Callable) -> None:
    """Tasks with the same reason together, at the end."""
    assert words(inside("losses", "huber").out).endswith(f"not for {', '.join(TASKS[1:])}: numbers only")


def test_an_unknown_loss_or_parameter_is_refused(refusal: Callable) -> None:
    """The nearest name is offered."""
    assert "unknown loss 'hubber'; did you mean 'huber'?" in refusal("losses", "hubber")
    assert "unknown parameter 'dalta'; did you mean 'delta'?" in refusal("losses", "huber:dalta=2")


def test_a_loss_of_the_users_own_is_shown(inside: Callable, tmp_path: Path) -> None:
    """What it gets and how its result is read, on the first task that it fits; what nobody knows is left out."""
    (tmp_path / "mine.py").write_text(
        "def root(p, t):\n    'Its summary.'\n    return (p - t).square().sum().sqrt()"
    )
    shown = words(inside("losses", "mine.py:root").out)
    assert "mine.py:root (regression): Its summary." in shown
    assert "receives raw outputs (batch, targets) and target (batch, targets); returns one number" in shown
    for absent in ("facts", "formula", "mine.py:root (binary)", "mine.py:root (multiclass)"):
        assert absent not in shown


@pytest.mark.parametrize("spec", ["mine.py:root", "mine.py:root:c=2", "scaled:factor=2:loss=mine.py:root"])
def test_the_other_tasks_of_a_users_loss_are_named(inside: Callable, tmp_path: Path, spec: str) -> None:
    """One page, one line for the tasks beside it, and the command in that line shows another of them."""
    (tmp_path / "mine.py").write_text("def root(p, t, c=1.0): return c * (p - t).square().mean().sqrt()")
    shown = inside("losses", spec).out
    assert shown.count("└") == 2
    (other,) = re.findall(r"also for binary, multilabel,[^;]*; shown by lossbench losses '(.*?)'", words(shown))
    assert "(binary)" in inside("losses", other).out.partition("\n")[0]


def test_a_loss_that_fits_no_task_is_refused(refusal: Callable, tmp_path: Path) -> None:
    """With the reason on each task."""
    (tmp_path / "mine.py").write_text("def f(p, t): return p.nothing")
    assert f"{', '.join(TASKS)}: it raised AttributeError" in refusal("losses", "mine.py:f")


def test_markdown_is_the_document(inside: Callable) -> None:
    """The whole catalogue is docs/losses.md; one loss is its entries, with its values."""
    assert inside("losses", "--format", "markdown").out == losses_document(whole_catalogue())
    one = inside("losses", "huber:delta=2", "--format", "markdown").out
    assert "### huber\n" in one
    assert "default 1; here 2" in one


def test_programs_read_the_records(inside: Callable) -> None:
    """JSON and CSV have a row a record, the same losses in the same order."""
    data = json.loads(inside("losses", "--format", "json").out)
    frame = pd.read_csv(io.StringIO(inside("losses", "--format", "csv").out))
    names = [(record.name, record.task) for record in catalogue()]
    assert [(row["loss"], row["task"]) for row in data] == names
    assert list(zip(frame.loss, frame.task, strict=True)) == names
    (huber,) = json.loads(inside("losses", "huber:delta=2", "--format", "json").out)
    assert huber["facts"]["convex"] is True
    assert (huber["parameters"][0]["value"], huber["parameters"][0]["default"]) == (2.0, 1.0)


def test_losses_are_drawn_on_a_page(inside: Callable, tmp_path: Path) -> None:
    """In a file, or on standard output and nothing else there."""
    outcome = inside("losses", "huber:delta=2, mae,mse", "--html", "page.html")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert inside("losses", "huber:delta=2,mae,mse", "--html", "-").out == text
    assert "<title>Losses: huber:delta=2, mae and mse</title>" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--html", "x.html"], "needs the losses to draw: lossbench losses huber,mae,mse --html losses.html"),
        ([" , ", "--html", "x.html"], "needs the losses to draw"),
        (["mse", "--matrix", "--html", "x.html"], "leave --matrix and --format out"),
        (["mse", "--format", "csv", "--html", "x.html"], "leave --matrix and --format out"),
        (["mse,hubr", "--html", "x.html"], "did you mean 'huber'"),
        (["mse", "--html", "."], "it is a folder"),
    ],
)
def test_a_page_that_cannot_be_made_is_refused(
    inside: Callable, tmp_path: Path, arguments: list[str], message: str
) -> None:
    """With what to do, and nothing is written."""
    outcome = inside("losses", *arguments)
    assert outcome.code == 2
    assert message in words(outcome.err)
    assert not (tmp_path / "x.html").exists()
