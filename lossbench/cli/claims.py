"""`lossbench claims`: every claim, its evidence, its verdict."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lossbench.cli import completion as names
from lossbench.cli.completion import completer
from lossbench.cli.judged import ClaimsOptions, claims_options, judge, open_study, publish
from lossbench.cli.options import PATH
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.claims import Catalogue, Study

EXPECT = "A claims.csv; exit with 3 where a verdict is not the one in it."
CHANGED, UNFINISHED = 3, 4


@click.command(short_help="Try the claims of three documents, or your own, and judge them.")
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=completer(names.claims))
@click.option("-c", "--config", type=PATH, metavar="FILE", help="Claims of your own, in TOML.")
@claims_options
@click.option("--expect", type=PATH, metavar="FILE", help=EXPECT)
@click.option("--explain", is_flag=True, help="For one claim: search for the settings under which it would hold.")
def claims(
    ids: tuple[str, ...], config: Path | None, expect: Path | None, explain: bool, wanted: ClaimsOptions
) -> None:
    """Try the claims of three documents, or some of them by ID, and judge them; one ID is shown in full.

    With -o: claims.csv, a row a claim; evidence.csv, a row a comparison; claims.md, and claims.html with pictures.
    """
    start = time.perf_counter()
    from lossbench.claims import read_catalogue
    from lossbench.claims.files import changes, read_expected

    catalogue = read_catalogue(config)
    chosen = catalogue.find(ids)
    expected = read_expected(expect) if expect else {}
    if explain:
        with open_study(wanted, len(chosen)) as study:
            print_searches(ids, catalogue, study)
        return
    judgements, study = judge(catalogue, chosen, wanted)
    changed = changes(expected, judgements, ids)
    publish(judgements, catalogue, study, wanted, start, changed)
    failed = {one.claim.id: one for one in judgements if one.failed}
    changed = [change for change in changed if change.id not in failed]
    for change in changed:
        click.echo(visible(f"changed {change}"), err=True)
    for name, one in failed.items():
        click.echo(visible(f"failed {name}: {one.left}; alone: {one.command}"), err=True)
    if failed or changed:
        click.get_current_context().exit(UNFINISHED if failed else CHANGED)


def print_searches(ids: tuple[str, ...], catalogue: Catalogue, study: Study) -> None:
    """Print under which settings one claim would hold."""
    from lossbench.claims.registry import EXPLANATIONS, arguments_for
    from lossbench.claims.report.conditions import condition_lines
    from lossbench.errors import BadValue

    if len(ids) != 1:
        raise BadValue("--explain is for one claim: give its ID, as in lossbench claims T3 --explain")
    (claim,) = catalogue.find(ids)
    deciding = [(one, name) for one in catalogue.deciding(claim) for name in one.experiments]
    searches = [(one, name) for one, name in deciding if name in EXPLANATIONS]
    if not searches:
        raise BadValue(f"there is no search for the settings under which {claim.id} holds; leave --explain out")
    for one, name in searches:
        for line in condition_lines(EXPLANATIONS[name](one, study, **arguments_for(one, name))):
            click.echo(visible(line))
