"""The types of options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import click
from click.shell_completion import CompletionItem

from lossbench.cli import completion
from lossbench.cli.completion import Names, completer
from lossbench.home import expand
from lossbench.plan.request import MOST_JOBS
from lossbench.spec import TABLE_LISTS, split_list


class Listed(click.ParamType):  # type: ignore[type-arg]  # older click's takes no argument
    """A value, or several separated by commas.

    Args:
        item: reads one value.
        cut: cuts the text; a comma inside `mlp:64,32`, `drop=id,date` or `weight=[1,2,3]` is no separator.
        wanted: what a value is.
        names: what a shell completes.
    """

    def __init__(
        self,
        item: Callable[[str], Any] = str,
        cut: Callable[[str], list[str]] = split_list,
        wanted: str = "a number",
        names: Names = tuple,
    ) -> None:
        self.item, self.cut, self.wanted, self.names = item, cut, wanted, names
        self.name = "number" if item is float else "text"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete the last of several names."""
        return completer(self.names)(ctx, param, incomplete)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        """Cut the text and read each piece."""
        pieces = [piece.strip() for piece in self.cut(value) if piece.strip()]
        if not pieces:
            self.fail(f"'{value}' names nothing; give a value or leave the option out", param, ctx)
        try:
            return [self.item(piece) for piece in pieces]
        except ValueError:
            self.fail(f"'{value}' is not {self.wanted}, or several separated by commas", param, ctx)


class Duration(click.ParamType):  # type: ignore[type-arg]  # older click's takes no argument
    """A time in seconds, minutes or hours: 90, 90s, 5m, 1.5h."""

    name = "time"
    units: ClassVar[dict[str, float]] = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the time in seconds."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+\.?\d*)([smh]?)", value.strip())
        if not match:
            self.fail(f"'{value}' is no time; write 90s, 5m or 1.5h", param, ctx)
        return float(match[1]) * self.units[match[2]]


class UserPath(click.ParamType):  # type: ignore[type-arg]  # older click's takes no argument
    """A path, with ~ as the home folder where no shell has seen it, as in --output=~/runs.

    Args:
        kind: what is made of it.
    """

    name = "path"

    def __init__(self, kind: Callable[[str], Any]) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; an empty text, as of a variable that is not set, is none."""
        if not str(value):
            self.fail("'' names nothing; give a path or leave the option out", param, ctx)
        return self.kind(expand(str(value)))


def named_number(text: str) -> tuple[str, float]:
    """Read NAME=VALUE.

    Example:
        >>> named_number("r2 = 0.02")
        ('r2', 0.02)
    """
    name, _, number = text.rpartition("=")
    return name.strip(), float(number)


DURATION = Duration()
PATH, FILE = UserPath(Path), UserPath(str)
JOBS = click.IntRange(1, MOST_JOBS)
TEXTS, NUMBERS = Listed(), Listed(float)
LOSSES, SCORES = Listed(names=completion.losses), Listed(names=completion.scores)
TABLES = Listed(cut=partial(split_list, lists=TABLE_LISTS), names=completion.datasets)
NAMED_NUMBERS = Listed(named_number, wanted="a name and a number, such as r2=0.02")
MODELS = Listed(cut=re.compile(r",\s*(?=[A-Za-z_./~])").split)


def many(*names: str, kind: Listed = TEXTS, **options: Any) -> Callable[[Any], Any]:
    """Return an option that may be repeated, and takes several values separated by commas each time."""
    return click.option(*names, type=kind, multiple=True, callback=flatten, **options)


def flatten(_: click.Context, __: click.Parameter, values: tuple[list[Any], ...]) -> list[Any] | None:
    """Join the values of a repeated option; None where it was not given."""
    return [item for value in values for item in value] or None
