from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from lossbench.cli import COMMANDS

HEAVY = ("torch", "numpy", "pandas", "sklearn", "scipy", "rich")


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], HEAVY),
        (["compare", "--help"], HEAVY[:-1]),
        (["choose", "--help"], HEAVY[:-1]),
        (["choose", "-d", "iris", "-l", "ce,hubber"], ("torch",)),
        (["losses"], ("torch",)),
        (["losses", "huber", "--format", "json"], ("torch",)),
        (["losses", "--matrix"], ("torch",)),
        (["check-loss", "--help"], ("torch",)),
        (["datasets"], ("torch",)),
        (["compare", "-d", "iris", "-l", "hubber"], ("torch",)),
    ],
    ids=" ".join,
)
def test_nothing_is_imported_that_is_not_needed(arguments: list[str], forbidden: tuple[str, ...]) -> None:
    """Help, catalogue and usage errors answer at once: they import none of the slow libraries."""
    program = (
        "import sys; from lossbench.cli import run; run(sys.argv[1:]); "
        f"print('imported', sorted(sys.modules.keys() & {forbidden!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("imported []\n")


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
