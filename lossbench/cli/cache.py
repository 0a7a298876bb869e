"""`lossbench cache`: the store of finished trials, and of the evidence that claims got from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli.options import FILE, PATH
from lossbench.cli.process.target import check_target, write_target
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.store.store import Group

CHUNK = 5000  # rows held as dictionaries at a time; they take ten times the memory of a frame


@click.group(short_help="Manage the store of finished trials.")
def cache() -> None:
    """Manage the store of finished trials, which no run trains again, and of the evidence on claims.

    It is in $LOSSBENCH_CACHE, else in $XDG_CACHE_HOME/lossbench, else in ~/.cache/lossbench.
    """


@cache.command(short_help="Show what is stored, and where.")
def info() -> None:
    """Show where the store is, what it holds and since when, and for how many claims it holds evidence."""
    from lossbench.report.table import Table
    from lossbench.report.terminal import show
    from lossbench.store import open_store

    with open_store() as store:
        groups, claims = store.groups(), store.claims()
        about = f"{store.size() / 1e6:.1f} MB, in {visible(str(store.path))}"
    click.echo(f"{trial_count(sum(group.trials for group in groups))}, {about}")
    if claims:
        click.echo(f"evidence on {claims} claim{'s' * (claims > 1)} of the documents")
    if not groups:
        return
    columns = ("data set", "fingerprint", "losses", "trials", "oldest", "newest")
    rows = tuple(map(group_cells, groups))
    texts, whole = ("data set", "oldest", "newest"), ("oldest", "newest")
    table = Table("finished trials", columns, rows, texts=texts, drops=("oldest",), whole=whole)
    legend = "fingerprint  engine, versions and kind of processor; a run takes only trials of its own"
    show(None, [table], [legend])


def group_cells(group: Group) -> tuple[str, ...]:
    """Return the cells of one data set and fingerprint."""
    times = (datetime.fromtimestamp(time).strftime("%Y-%m-%d") for time in (group.oldest, group.newest))
    return group.dataset, group.fingerprint, str(group.losses), str(group.trials), *times


@cache.command(short_help="Remove trials, all or some.")
@click.option("-d", "--dataset", metavar="SPEC", help="Only those of this data set, as it was given to compare.")
@click.option("-l", "--loss", metavar="SPEC", help="Only those of this loss, likewise.")
def clear(dataset: str | None, loss: str | None) -> None:
    """Remove the finished trials, all of them or those of a data set or loss. Does not ask.

    All evidence on claims is removed too; it is derived again from the remaining trials.
    """
    from lossbench.errors import DataError
    from lossbench.store import open_store, remove, store_path

    try:
        with open_store() as store:
            removed, left = store.clear(dataset, loss), len(store)
    except DataError:
        if dataset or loss:
            raise
        remove(store_path())
        click.echo(f"removed the damaged store {visible(str(store_path()))}")
        return
    click.echo(f"removed {trial_count(removed)}; {left} left in {visible(str(store.path))}")


@cache.command(short_help="Write the trials as a trials.csv.")
@click.argument("target", type=FILE, metavar="FILE|-")
def export(target: str) -> None:
    """Write the finished trials to FILE as a trials.csv, - for standard output."""
    from lossbench.store import open_store

    check_target(target)
    with open_store() as store:
        write_target(target, export_csv(store.rows()))


def export_csv(rows: Iterable[dict[str, Any]]) -> str:
    """Return a `trials.csv` with every column in which any row has a value."""
    import pandas as pd

    from lossbench.results.write import trials_csv
    from lossbench.run.scoring import frame_of

    remaining = iter(rows)
    frames = [frame_of(chunk) for chunk in iter(lambda: list(islice(remaining, CHUNK)), [])]
    return trials_csv(pd.concat(frames, ignore_index=True) if frames else frame_of([]))


@cache.command(short_help="Add the trials of another store.")
@click.argument("source", metavar="FILE", type=PATH)
def merge(source: Path) -> None:
    """Add the finished trials of FILE, a trials.sqlite from another folder or machine.

    Evidence on claims is not copied; it is derived again from the trials.
    """
    from lossbench.store import Store, open_store

    with Store(source, create=False) as other, open_store() as store:
        added, offered = store.merge(other), len(other)
    click.echo(f"added {trial_count(added)} to {visible(str(store.path))}; {offered - added} were there already")


def trial_count(trials: int) -> str:
    """Return a number of trials in words."""
    return "1 trial" if trials == 1 else f"{trials} trials"
