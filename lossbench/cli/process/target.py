"""FILE or -: a file or standard output that gets one text."""

from __future__ import annotations

from pathlib import Path

import click

from lossbench.plan.request import STDOUT


def check_target(target: str | None) -> None:
    """Check that a file can be written, before anything is computed; None and - need no check."""
    if target not in (None, STDOUT):
        from lossbench.results.write import prepare_file

        prepare_file(Path(str(target)))


def write_target(target: str, text: str) -> None:
    """Write a text to a file, or to standard output."""
    if target == STDOUT:
        click.echo(text, nl=False)
    else:
        from lossbench.results.write import write_text

        write_text(Path(target), text)
