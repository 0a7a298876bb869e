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

from lossbench.cli.options import JOBS, PATH
from lossbench.cli.process.progress import status_line
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.claims import Catalogue, Claim, Judgement, Study
    from lossbench.claims.files import ChangedVerdict

FORMATS = click.Choice(("table", "csv", "markdown", "json", "junit"))
SEED = click.IntRange(0, 2**30)
FIRST_SEED = "Take the seeds from N on; verdicts should not depend on them."

OPTIONS = (
    click.option(
        "--quick", is_flag=True, help="Few seeds, each loss at its own rate: a first look that settles less."
    ),
    click.option("--first-seed", type=SEED, default=0, metavar="N", help=FIRST_SEED),
    click.option("-o", "--output", type=PATH, metavar="DIR", help="Folder for the files."),
    click.option("--format", "form", type=FORMATS, help="How the verdicts are printed  [default: table]."),
    click.option("--no-cache", is_flag=True, help="Train everything anew, and keep nothing for other runs."),
    click.option("--jobs", type=JOBS, metavar="N", help="Processes  [default: one a core]."),
    click.option("--quiet", is_flag=True, help="Print nothing but what --format asks for."),
)


@dataclass(frozen=True)
class ClaimsOptions:
    """The options that both commands on claims share."""

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
def open_study(wanted: ClaimsOptions, count: int) -> Iterator[Study]:
    """Open the study of a run; an output folder that cannot be written is refused before anything is trained."""
    from lossbench.claims import Study, read_terms
    from lossbench.results.write import prepare_folder
    from lossbench.store import storage

    if wanted.output is not None:
        prepare_folder(wanted.output)
    with storage(not wanted.no_cache) as store, status_line(wanted.quiet) as say:
        if count > 1 and sys.stderr.isatty():  # a log gets a line only for finished work and errors
            say(f"reading {count} claims")
        manner = wanted.quick, wanted.jobs, wanted.first_seed
        yield Study(read_terms(), *manner, say=say, store=store)


def judge(catalogue: Catalogue, chosen: Sequence[Claim], wanted: ClaimsOptions) -> tuple[list[Judgement], Study]:
    """Try claims; return their judgements and the study."""
    from lossbench.claims import try_claims

    with open_study(wanted, len(chosen)) as study:
        return try_claims(catalogue, chosen, study), study


def publish(
    judgements: Sequence[Judgement],
    catalogue: Catalogue,
    study: Study,
    wanted: ClaimsOptions,
    start: float,
    changed: Sequence[ChangedVerdict] = (),
) -> None:
    """Write the files, then print what was asked for."""
    from lossbench.claims.files import claims_csv, claims_json, claims_junit
    from lossbench.claims.report.tables import LEGEND, overview
    from lossbench.claims.report.verdicts import claims_files
    from lossbench.report.markdown import markdown
    from lossbench.results.write import write_folder

    folder, form = wanted.output, wanted.form
    makers: dict[str, Callable[[], str]] = {
        "csv": lambda: claims_csv(judgements),
        "json": lambda: claims_json(judgements),
        "junit": lambda: claims_junit(judgements, catalogue, changed),
        "markdown": lambda: markdown(overview(judgements, catalogue), LEGEND),
    }
    if folder is not None:
        write_folder(folder, claims_files(judgements, catalogue, study))
    if form in makers:
        click.echo(makers[form](), nl=False)
    elif form or not wanted.quiet:
        print_judgements(judgements, catalogue, study)
        seconds = time.perf_counter() - start
        click.echo(f"\n{seconds:.1f} s" + (f", files in {visible(str(folder))}" if folder else ""))


def print_judgements(judgements: Sequence[Judgement], catalogue: Catalogue, study: Study) -> None:
    """Print the counts of verdicts and one line for each claim, or the full story of a single one."""
    from lossbench.claims.report.story import story
    from lossbench.claims.report.tables import at_a_glance
    from lossbench.report.terminal import console, print_lines, terminal_width

    width = terminal_width()
    if len(judgements) > 1:
        lines = at_a_glance(judgements, catalogue, width)
    else:
        lines = story(judgements[0], catalogue, study, width)
    print_lines(console(width=width), lines)
