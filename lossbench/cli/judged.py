"""What `lossbench claims` and `lossbench claim` share: their options, the run, and what is printed of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli.options import jobs_option, output_option
from lossbench.cli.process.progress import status_line
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.claims import Catalogue, Claim, Study, Verdicts
    from lossbench.claims.files import ChangedVerdict

FORMATS = click.Choice(("table", "csv", "markdown", "json", "junit"))
SEED = click.IntRange(0, 2**30)
FIRST_SEED = "First seed; verdicts should not depend on it."

OPTIONS = (
    click.option(
        "--quick", is_flag=True, help="A first look, which settles less: few seeds, each loss at its own rate."
    ),
    click.option("--first-seed", type=SEED, default=0, metavar="N", help=FIRST_SEED),
    output_option,
    click.option("--format", "form", type=FORMATS, help="Format of the printed verdicts  [default: table]."),
    click.option("--no-cache", is_flag=True, help="Train everything anew, and keep nothing for later runs."),
    jobs_option,
    click.option("--quiet", is_flag=True, help="Print nothing but what --format asks for."),
)


@dataclass(frozen=True)
class ClaimsOptions:
    """The options that both commands on claims share.

    Args:
        quick: run few seeds, each loss at its own rate.
        first_seed: the lowest seed.
        output: the folder for the files; None for none.
        form: how the verdicts are printed; None for a table.
        no_cache: train everything anew, and store nothing.
        jobs: processes; None for one a core.
        quiet: print nothing but what `form` asks for.
    """

    quick: bool
    first_seed: int
    output: Path | None
    form: str | None
    no_cache: bool
    jobs: int | None
    quiet: bool


def claims_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the shared options to a command, which gets them as one `ClaimsOptions` named `wanted`."""

    @wraps(function)
    def wrapped(**options: Any) -> None:
        wanted = ClaimsOptions(**{field.name: options.pop(field.name) for field in fields(ClaimsOptions)})
        function(**options, wanted=wanted)

    return reduce(lambda made, option: option(made), reversed(OPTIONS), wrapped)


@contextmanager
def opened(wanted: ClaimsOptions, count: int) -> Iterator[Study]:
    """Open the study of a run; an output folder that cannot be written is refused before anything is trained."""
    from lossbench.api import open_study
    from lossbench.results.write import prepare_folder

    if wanted.output is not None:
        prepare_folder(wanted.output)
    with status_line(wanted.quiet) as say:
        if count > 1 and sys.stderr.isatty():  # a log gets a line only for finished work and errors
            say(f"reading {count} claims")
        with open_study(wanted.quick, wanted.first_seed, wanted.jobs, not wanted.no_cache, say) as study:
            yield study


def judged(catalogue: Catalogue, chosen: Sequence[Claim], wanted: ClaimsOptions) -> Verdicts:
    """Try claims, and judge them."""
    from lossbench.api import judge

    with opened(wanted, len(chosen)) as study:
        return judge(catalogue, chosen, study)


def publish(
    verdicts: Verdicts, wanted: ClaimsOptions, start: float, changed: Sequence[ChangedVerdict] = ()
) -> None:
    """Write the files, then print what was asked for."""
    from lossbench.claims.files import claims_csv, claims_json, claims_junit
    from lossbench.claims.report.tables import LEGEND, overview
    from lossbench.report.markdown import markdown

    folder, form = wanted.output, wanted.form
    makers: dict[str, Callable[[], str]] = {
        "csv": lambda: claims_csv(verdicts),
        "json": lambda: claims_json(verdicts),
        "junit": lambda: claims_junit(verdicts, verdicts.catalogue, changed),
        "markdown": lambda: markdown(overview(verdicts, verdicts.catalogue), LEGEND),
    }
    if folder is not None:
        verdicts.save(folder)
    if form in makers:
        click.echo(makers[form](), nl=False)
    elif form or not wanted.quiet:
        print_verdicts(verdicts)
        seconds = time.perf_counter() - start
        click.echo(f"\n{seconds:.1f} s" + (f", files in {visible(str(folder))}" if folder else ""))


def print_verdicts(verdicts: Verdicts) -> None:
    """Print the counts of verdicts and one line for each claim, or the full story of a single one."""
    from lossbench.claims.report.story import story
    from lossbench.claims.report.tables import at_a_glance
    from lossbench.report.terminal import console, print_lines, terminal_width

    width = terminal_width()
    if len(verdicts) > 1:
        lines = at_a_glance(verdicts, verdicts.catalogue, width)
    else:
        lines = story(verdicts[0], verdicts.catalogue, verdicts.study, width)
    print_lines(console(width=width), lines)
