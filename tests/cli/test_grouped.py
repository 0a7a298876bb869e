from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import click
import pytest

from lossbench.cli.compare import EXAMPLES, GROUPS, compare
from lossbench.cli.grouped import key_of


def test_every_option_stands_in_one_group() -> None:
    """But for help, which every command has; and no group names what is not there."""
    named = Counter(name for names in GROUPS.values() for name in names)
    assert set(named.values()) == {1}
    assert set(named) == {key_of(option) for option in compare.params}


@pytest.mark.parametrize("line", [line for line, _ in EXAMPLES])
def test_an_example_of_the_help_is_a_command(line: str) -> None:
    """Its options exist, and their values are of the right kind; what it is about is not looked up here."""
    name, *arguments = line.split()
    assert name == "compare"
    assert isinstance(compare.make_context(name, arguments), click.Context)


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("command", ["compare", "choose"])
def test_help_fits_the_terminal(
    inside: Callable, monkeypatch: pytest.MonkeyPatch, command: str, width: int
) -> None:
    """No line of it is longer, and no example is broken."""
    monkeypatch.setenv("COLUMNS", str(width))
    lines = inside(command, "--help").out.splitlines()
    assert max(map(len, lines)) <= width
    assert all(any(line in shown for shown in lines) for line, _ in EXAMPLES if line.startswith(command))
