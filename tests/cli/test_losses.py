from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.losses import catalogue


def test_the_list_is_the_catalogue(inside: Callable) -> None:
    """Every loss is listed as often as there are tasks that it serves, within 100 columns."""
    outcome = inside("losses")
    first = [line.split()[0] for line in outcome.out.splitlines() if line.strip()]
    for record in catalogue():
        assert first.count(record.name) == sum(other.name == record.name for other in catalogue())
    assert max(map(len, outcome.out.splitlines())) <= 100
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize("name", sorted({record.name for record in catalogue()}))
def test_a_loss_is_shown_whole(inside: Callable, name: str) -> None:
    """Formula, source, link and every parameter with its range and default, for each task."""
    shown = inside("losses", name).out
    for record in (record for record in catalogue() if record.name == name):
        assert f"{name} ({record.task}): {record.summary}\n" in shown
        for words in (record.formula, record.source, record.facts.estimates, f"link        {record.link}"):
            assert words in shown
        for parameter in record.parameters:
            assert parameter.description in shown


def test_an_alias_and_parameters_lead_to_the_loss(inside: Callable) -> None:
    """An alias, or a spec with parameters, shows what the name shows."""
    shown = inside("losses", "cce").out
    assert shown.startswith("ce (multiclass)")
    assert inside("losses", "huber:delta=1.35").out == inside("losses", "huber").out


def test_an_unknown_loss_is_refused(refusal: Callable) -> None:
    """The nearest name is offered."""
    assert "unknown loss 'hubber'; did you mean 'huber'?" in refusal("losses", "hubber")


def test_a_loss_of_the_users_own_is_shown(inside: Callable, tmp_path: Path) -> None:
    """What it gets and how its result is read, on each task that it fits; what nobody knows is left out."""
    (tmp_path / "mine.py").write_text(
        "def root(p, t):\n    'Its summary.'\n    return (p - t).square().sum().sqrt()"
    )
    shown = inside("losses", "mine.py:root").out
    for task in ("regression", "binary", "multilabel"):
        assert f"mine.py:root ({task}): Its summary.\n" in shown
    assert "receives    raw outputs (batch, targets) and target (batch, targets); returns one number" in shown
    for absent in ("facts", "formula", "multiclass"):
        assert absent not in shown


def test_a_loss_that_fits_no_task_is_refused(refusal: Callable, tmp_path: Path) -> None:
    """With the reason on the first task."""
    (tmp_path / "mine.py").write_text("def f(p, t): return p.nothing")
    assert "does not fit the task regression: it raised AttributeError" in refusal("losses", "mine.py:f")
