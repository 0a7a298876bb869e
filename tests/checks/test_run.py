from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from losses.cases import RECORDS, cases

from lossbench.checks.run import CHECKS, Report, check_loss, checks_of, observations_of
from lossbench.errors import CodeFailed, LossFailed, UnknownName
from lossbench.losses import catalogue, get_loss

from .made import made, squared

EXACT = ("gradient", "finite", "precision", "shape", "dtype", "order", "batch", "inputs", "broadcasting")
"""The checks that every loss of the catalogue passes with all parameters under test, and without a note."""

TIED = {
    "precision": ["wasserstein", *(record.name for record in catalogue() if record.headless)],
    "learns": ["triplet"],
}
"""By check, the losses of which it notes something: on a grid many outputs have one place along a direction, of
embeddings in one direction none is the nearest, and rounding decides their order. The hardest triplets pull rows
that lie close together into one place."""

NOTED = {"scale", "saturation", "plateaus", "cost"}
"""The checks in which something may be to be noted of a loss of the catalogue."""


@pytest.mark.parametrize("record", catalogue(), ids=lambda record: f"{record.task}-{record.name}")
def test_the_catalogue_passes_its_own_checks(record) -> None:
    """No check fails on any built-in loss, every check is done, and each says what it saw.

    But for the search for kinks, which is dear: it is done on each of these in tests/losses/test_facts.py.
    """
    with pytest.MonkeyPatch.context() as here:
        here.delitem(CHECKS, "kinks")
        found = dict(observations_of(get_loss(record.name, record.task)))
    assert [*found] == [name for name in checks_of(get_loss(record.name, record.task)) if name != "kinks"]
    assert [name for name, seen in found.items() if seen.grade == "fail"] == []
    noted = NOTED | {"learns", "kinks"} if record.flat else NOTED
    noted |= {check for check, names in TIED.items() if record.name in names}
    assert {name for name, seen in found.items() if seen.grade == "note"} <= noted
    assert all(seen.saw for seen in found.values())
    assert {found[name].grade for name in EXACT if record.name not in TIED.get(name, ())} == {"pass"}


@pytest.mark.parametrize("case", [case for record in RECORDS for case in cases(record)[1:]], ids=str)
def test_every_loss_keeps_the_laws_of_the_checks(case) -> None:
    """With other parameters than its own too: a true and finite gradient, shape, precision, rows of no order.

    Nor of any company; with its own, the catalogue passes the same checks above.
    """
    exact = [name for name in EXACT if case.loss.name not in TIED.get(name, ())]
    assert {name: seen for name in exact if (seen := CHECKS[name](case)).grade != "pass"} == {}


def test_a_loss_is_checked_on_each_task_that_it_fits() -> None:
    """What fits is checked, and what does not has its reason."""
    report = check_loss("hinge", ["regression", "binary"])
    assert set(report.observations) == {"binary"}
    assert report.unfit == {"regression": "classes only"}
    assert not report.failed


def test_what_a_loss_raises_fails_the_check() -> None:
    """A check in which the loss raises has failed, with what it raised; the others are done all the same."""

    def refusing(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if raw.detach().abs().max() > 50:
            raise LossFailed("loss 'mine' raised ValueError: too large")
        return squared(raw, target)

    found = dict(observations_of(made(refusing).loss))
    assert found["finite"].grade == "fail"
    assert "too large" in found["finite"].saw
    assert found["gradient"].grade == "pass"


def test_the_users_own_losses_are_checked_likewise(write: Callable[..., Path]) -> None:
    """A file of the user's: the checks of the catalogue, and what its trial had to say beside them."""
    write(
        """
        def mean(p, t):
            return (p - t).square().mean() if p.sum() > 0 else (p - t).square().mean()
        """
    )
    report = check_loss("mine.py:mean", ["regression"])
    checks = [name for name, _ in report.observations["regression"]]
    assert checks[: len(CHECKS)] == list(CHECKS)
    assert set(checks[len(CHECKS) :]) == {"trial"}
    assert not report.failed


def test_a_loss_that_fits_no_task_has_failed(write: Callable[..., Path]) -> None:
    """What cannot be used on any task fails as a whole, with the reason."""
    write("def spoils(p, t):\n    p -= t\n    return p.square()")
    report = check_loss("mine.py:spoils", ["regression"])
    assert report.failed
    assert "changes its prediction or its target in place" in report.unfit["regression"]


def test_a_loss_that_is_not_there_is_an_error(write: Callable[..., Path]) -> None:
    """A name, a file or an object that does not exist is no failed check but an error."""
    write("def f(p, t): return p")
    with pytest.raises(UnknownName, match="did you mean 'huber'"):
        check_loss("hubber")
    with pytest.raises(CodeFailed, match="no file"):
        check_loss("elsewhere.py:f")
    with pytest.raises(UnknownName, match=r"mine\.py: unknown loss 'g'"):
        check_loss("mine.py:g")
    with pytest.raises(UnknownName, match="unknown parameter 'alpha'"):
        check_loss("huber:alpha=1")


def test_a_task_on_which_a_loss_goes_astray_is_not_its_own(write: Callable[..., Path]) -> None:
    """A regression loss that also runs on two classes is judged by the numbers, unless classes are asked for."""
    write("def f(p, t): return (p - t).square().mean(1)")
    report = check_loss("mine.py:f")
    assert not report.failed
    assert "does not clearly predict" in report.unfit["binary"]
    assert check_loss("mine.py:f", ["binary"]).failed


@pytest.mark.parametrize(
    ("spec", "statement"),
    [("torch.nn:BCELoss", ":@gets=probability"), ("torch.nn:CrossEntropyLoss", ":@link=softmax")],
)
def test_a_loss_that_fits_with_a_statement_is_told_which(spec: str, statement: str) -> None:
    """What raises an error, or has no gradient, on raw outputs of two classes is tried otherwise; told once."""
    report = check_loss(spec, ["binary"])
    assert report.failed
    assert report.unfit["binary"].count(f"with {statement}") == 1


def test_a_slow_loss_is_looked_at_as_far_as_time_allows() -> None:
    """A check that takes too long is not passed in silence; each is told of as it begins."""
    told: list[str] = []
    found = dict(observations_of(made(squared).loss, seconds=0.0, watch=told.append))
    assert told == [f"regression: {name}" for name in CHECKS]
    assert found["learns"].grade == "open"
    assert "not checked: the checks before it took all the time" in str(found["learns"].saw)
    for name, failed in (("learns", True), ("kinks", False)):
        assert Report("mine", {}, {"regression": ((name, found["learns"]),)}).failed == failed
