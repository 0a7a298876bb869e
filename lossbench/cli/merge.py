"""`lossbench merge`: the shards of a run, or finished runs, put together."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from lossbench.cli.options import PATH
from lossbench.cli.report import FORMATS


@click.command(short_help="Put the shards of a run together, or finished runs.")
@click.argument("parts", type=PATH, metavar="DIR...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="DIR", type=PATH, required=True, help="Folder to write the files of the whole to."
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the printed summary  [default: table]."
)
@click.option("--quiet", is_flag=True, help="Print nothing.")
def merge(parts: tuple[Path, ...], output: Path, form: str | None, quiet: bool) -> None:
    """Put the shards that compare --shard I/N wrote together: the files are those that one run would have written.

    Shards that are missing, or not finished, are named, their seeds are left out, and the exit code is 4. A shard
    may be given twice; where two results of one training differ, nothing is written. A table or a loss of your own
    must lie where the shards had it.

    Finished runs are put together likewise. They may differ in seeds, losses and data sets, and in nothing else;
    on each data set every loss needs the same seeds. Tuned runs are refused.
    """
    from lossbench.api import merge_into
    from lossbench.cli.ending import print_and_exit

    print_and_exit(merge_into(parts, output, shlex.join(["lossbench", *sys.argv[1:]])), form, quiet)
