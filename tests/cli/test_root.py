from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import click
import pytest

from lossbench.cli import COMMANDS

from .conftest import BRIEF

HEAVY = ("torch", "numpy", "pandas", "sklearn", "scipy", "rich")


LIGHT = (
    ("--help", HEAVY),
    ("claims --help", HEAVY[:-1]),
    ("compare --help", HEAVY[:-1]),
    ("choose --help", HEAVY[:-1]),
    ("check-loss --help", HEAVY[:-1]),
    ("cache info", ("torch", "pandas")),
    ("datasets", ("torch", "pandas")),
    ("losses", ("torch",)),
    ("losses huber --format json", ("torch",)),
    ("losses --matrix", ("torch",)),
    ("compare -d iris -l hubber", ("torch",)),
    ("choose -d iris -l ce,hubber", ("torch",)),
    ("claims F3", ("torch",)),
    ("claims T33", ("torch",)),
)
"""What each command must not import. None may import what one after it may not, so one process shows it of all."""


def test_nothing_is_imported_that_is_not_needed() -> None:
    """Help, catalogue, exact claims and usage errors answer at once: they import none of the slow libraries."""
    program = f"""
import sys
from lossbench.cli import run
for command, forbidden in {LIGHT!r}:
    run(command.split())
    print('imported', command, sorted(sys.modules.keys() & forbidden))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said = [line for line in done.stdout.splitlines() if line.startswith("imported ")]
    assert said == [f"imported {command} []" for command, _ in LIGHT]


def test_a_rerun_imports_nothing_that_trains(inside: Callable) -> None:
    """With every training in the store, neither torch nor scikit-learn, and nothing as slow, is imported."""
    wanted = ("-d", "moons,imbalanced,digits,diabetes,friedman1,multilabel", *BRIEF)
    assert inside("compare", *wanted, "--csv", "first.csv", "--quiet").code == 0
    slow = {"torch", "sklearn", "scipy.stats", "scipy.sparse", "joblib"}
    given = ["compare", *wanted, "-o", "again", "--quiet"]
    program = (
        f"import sys; from lossbench.cli import run; run({given}); print(sorted(sys.modules.keys() & {slow}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_the_commands_that_import_most_come_last() -> None:
    """What one command has imported is seen at every later one, so a later one may import as much or more."""
    assert all(set(later) <= set(earlier) for (_, earlier), (_, later) in pairwise(LIGHT))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_is_true(name: str) -> None:
    """Every command in the table exists, under its name and with the help that the table gives."""
    module = name.replace("-", "_")
    command = getattr(importlib.import_module(f"lossbench.cli.{module}"), module)
    assert isinstance(command, click.Command)
    assert (command.name, command.get_short_help_str(limit=100)) == (name, COMMANDS[name])


def test_help_names_every_command(inside: Callable) -> None:
    """The root help lists every command with its summary, and exits with 0."""
    outcome = inside("--help")
    assert (outcome.code, outcome.err) == (0, "")
    for name, summary in COMMANDS.items():
        assert f"  {name}" in outcome.out
        assert summary in outcome.out


def test_no_command_is_a_usage_error_with_help(inside: Callable) -> None:
    """Without a command the help is shown, as an error: nothing was done."""
    outcome = inside()
    assert (outcome.code, outcome.out) == (2, "")
    assert "compare" in outcome.err


def test_version(inside: Callable) -> None:
    """The version is that of the installed package."""
    from importlib.metadata import version

    assert inside("--version").out == f"lossbench {version('lossbench')}\n"
