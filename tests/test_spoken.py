"""Who calls by options is told options, and who calls in Python is told arguments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import lossbench
from lossbench.cli import run
from lossbench.errors import TrainingLost
from lossbench.spoken import by_options, option

REFUSED: list[tuple[dict[str, Any], tuple[str, ...], str, str]] = [
    ({"tune": True, "lr": 0.1}, ("--tune", "--lr", "0.1"), "a grid: lr=[0.001, 0.01, 0.1]", "--lr 0.001,0.01,0.1"),
    ({"sampler": "sobol"}, ("--sampler", "sobol"), "as tune='budget=64'", "as --tune budget=64"),
    ({"costs": "0,1;1,0"}, ("--costs", "0,1;1,0"), "add score='cost'", "add --score cost"),
]


@pytest.mark.parametrize(("arguments", "options", "in_python", "in_a_shell"), REFUSED, ids=str)
def test_a_setting_is_named_as_it_is_given(
    arguments: dict[str, Any],
    options: tuple[str, ...],
    in_python: str,
    in_a_shell: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same refusal names an argument to a program, and an option to a command."""
    monkeypatch.chdir(tmp_path)
    assert run(["compare", "-d", "iris", "-l", "ce,mse", *options]) == 2
    assert in_a_shell in capsys.readouterr().err
    with pytest.raises(lossbench.UsageError) as refusal:
        lossbench.compare("iris", ["ce", "mse"], **arguments)
    assert in_python in str(refusal.value)
    assert "--" not in str(refusal.value)


def test_an_error_inside_a_command_ends_its_speech() -> None:
    """Whatever happens there, what is said afterwards is said to a program again."""
    with suppress(ZeroDivisionError), by_options():
        assert option("lr") == "--lr"
        raise ZeroDivisionError
    assert option("lr") == "lr"


class Broken:
    """A backend that is gone at once."""

    def run(self, *_: object) -> Iterator[Any]:
        """Raise what a backend raises."""
        yield from ()
        raise TrainingLost("the scheduler is gone", "check it")


@pytest.mark.parametrize("cache", [False, True])
def test_what_became_of_finished_trainings_is_said(
    cache: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They are kept in a store, where there is one; where there is none, it is said how there would be one."""
    monkeypatch.setenv("LOSSBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr("lossbench.run.runner.backend_of", lambda *_: Broken())
    said = "is kept: run the same again" if cache else "is lost; with cache=True it would be kept"
    with pytest.raises(TrainingLost, match=f"the scheduler is gone; what was finished before {said}; check it"):
        lossbench.compare("iris", ["ce", "mse"], seeds=1, epochs=1, cache=cache)
