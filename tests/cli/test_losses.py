from __future__ import annotations

from collections.abc import Callable

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
