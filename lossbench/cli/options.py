"""Option types that several commands share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
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


class ListParam(click.ParamType):  # type: ignore[type-arg]  # older click's takes no argument
    """A value, or several separated by commas.

    Args:
        item: reads one value.
        split: splits the text; a comma inside `mlp:64,32`, `drop=id,date` or `weight=[1,2,3]` is no separator.
        expected: what a value should be, for messages.
        names: the names for shell completion.
    """

    def __init__(
        self,
        item: Callable[[str], Any] = str,
        split: Callable[[str], list[str]] = split_list,
        expected: str = "a number",
        names: Names = tuple,
    ) -> None:
        self.item, self.split, self.expected, self.names = item, split, expected, names
        self.name = "number" if item is float else "text"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Complete the last of several names."""
        return completer(self.names)(ctx, param, incomplete)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        """Split the text and read each piece."""
        pieces = [piece.strip() for piece in self.split(value) if piece.strip()]
        if not pieces:
            self.fail(f"'{value}' holds no value; give one or leave the option out", param, ctx)
        try:
            return [self.item(piece) for piece in pieces]
        except ValueError:
            self.fail(f"'{value}' is not {self.expected}, or several separated by commas", param, ctx)


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
        kind: the type to convert it to.
    """

    name = "path"

    def __init__(self, kind: Callable[[str], Any]) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; refuse an empty one, as from an unset variable."""
        if not str(value):
            self.fail("'' is no path; give one or leave the option out", param, ctx)
        return self.kind(expand(str(value)))


def named_number(text: str) -> tuple[str, float]:
    """Read NAME=VALUE.

    Raises:
        ValueError: a name or a number is missing.

    Example:
        >>> named_number("r2 = 0.02")
        ('r2', 0.02)
    """
    name, _, number = text.rpartition("=")
    if not name.strip():
        raise ValueError("there is no name")  # which the option turns into its own words
    return name.strip(), float(number)


DURATION = Duration()
PATH, FILE = UserPath(Path), UserPath(str)
JOBS = click.IntRange(1, MOST_JOBS)
TEXTS, NUMBERS = ListParam(), ListParam(float)
LOSSES, SCORES = ListParam(names=completion.losses), ListParam(names=completion.scores)
TABLES = ListParam(split=partial(split_list, lists=TABLE_LISTS), names=completion.datasets)
NAMED_NUMBERS = ListParam(named_number, expected="a name and a number, such as r2=0.02")
MODELS = ListParam(split=re.compile(r",\s*(?=[A-Za-z_./~])").split)


def repeatable(*names: str, kind: ListParam = TEXTS, **options: Any) -> Callable[[Any], Any]:
    """Return an option that may be repeated, each time with one or several comma-separated values."""
    return click.option(*names, type=kind, multiple=True, callback=flatten, **options)


def flatten(_: click.Context, __: click.Parameter, values: tuple[list[Any], ...]) -> list[Any] | None:
    """Join the values of a repeated option; None where it was not given."""
    return [item for value in values for item in value] or None


def loss_option(text: str) -> Callable[[Any], Any]:
    """Return the option that names losses, with its help."""
    return repeatable("-l", "--loss", "losses", kind=LOSSES, metavar="SPEC", help=text)


def csv_option(what: str, name: str) -> Callable[[Any], Any]:
    """Return the option that writes something as CSV, and hands the place to the argument of a name."""
    said = f"Write the {what} as CSV to this file, or with - to standard output."
    return click.option("--csv", name, type=FILE, metavar="FILE|-", help=said)


def format_option(formats: Sequence[str]) -> Callable[[Any], Any]:
    """Return the option for how something is printed, as a table where nothing is asked for."""
    said = "Format of what is printed  [default: table]."
    return click.option("--format", "form", type=click.Choice(formats), default="table", help=said)


costs_option = click.option(
    "--costs", metavar="MATRIX", help="For --score cost: one row per true class, as '0,1;10,0'."
)
margin_option = repeatable(
    "--margin",
    "margins",
    kind=NAMED_NUMBERS,
    metavar="NAME=VALUE",
    help="Difference that is too small to matter, such as r2=0.02.",
)
budget_option = click.option(
    "--budget",
    type=DURATION,
    default=math.inf,
    metavar="TIME",
    help="Begin no training after this time, such as 90s, 5m or 1h.",
)
jobs_option = click.option("--jobs", type=JOBS, metavar="N", help="Number of processes  [default: one per core].")
output_option = click.option("-o", "--output", metavar="DIR", type=PATH, help="Folder to write the files to.")
