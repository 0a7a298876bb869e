"""`lossbench claims`: every claim, its evidence, its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli.options import JOBS, PATH
from lossbench.cli.progress import telling
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.claims import Catalogue, Judgement, Study
    from lossbench.claims.files import ChangedVerdict

FORMATS = click.Choice(("table", "csv", "markdown", "json", "junit"))
SEED = click.IntRange(0, 2**30)
FIRST_SEED = "Take the seeds from N on; verdicts should not depend on them."
EXPECT = "A claims.csv; exit with 3 where a verdict is not the one in it."
CHANGED = 3


@click.command(short_help="Try the claims of three documents, or your own, and judge them.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("-c", "--config", type=PATH, metavar="FILE", help="Claims of your own, in TOML.")
@click.option("--quick", is_flag=True, help="Few seeds and epochs: a first look, too little to settle much.")
@click.option("--first-seed", type=SEED, default=0, metavar="N", help=FIRST_SEED)
@click.option("-o", "--output", type=PATH, metavar="DIR", help="Folder for the files.")
@click.option("--format", "form", type=FORMATS, help="How the verdicts are printed  [default: table].")
@click.option("--expect", type=PATH, metavar="FILE", help=EXPECT)
@click.option("--explain", is_flag=True, help="Of one claim: search for the settings under which it would hold.")
@click.option("--no-cache", is_flag=True, help="Train everything anew, and keep nothing for other runs.")
@click.option("--jobs", type=JOBS, metavar="N", help="Processes  [default: one a core].")
@click.option("--quiet", is_flag=True, help="Print nothing but what --format asks for.")
def claims(ids: tuple[str, ...], **options: Any) -> None:
    """Try the claims of three documents, or some of them by ID, and judge them; one ID is shown in full.

    With -o: claims.csv, a row a claim; evidence.csv, a row a comparison; claims.md.
    """
    start = time.perf_counter()
    from lossbench.claims import Study, read_catalogue, read_terms, try_claims
    from lossbench.claims.files import changes, read_expected
    from lossbench.results.write import prepare_folder
    from lossbench.store import storage

    catalogue = read_catalogue(options["config"])
    chosen = catalogue.find(ids)
    expected = read_expected(options["expect"]) if options["expect"] else {}
    if options["output"] is not None:
        prepare_folder(options["output"])
    with storage(not options["no_cache"]) as store, telling(options["quiet"]) as say:
        manner = {name: options[name] for name in ("quick", "jobs", "first_seed")}
        study = Study(read_terms(), say=say, store=store, **manner)
        if options["explain"]:
            explain(ids, catalogue, study)
            return
        judgements = try_claims(catalogue, chosen, study)
    changed = changes(expected, judgements, ids)
    publish(judgements, catalogue, study, changed, options, time.perf_counter() - start)
    for change in changed:
        click.echo(visible(f"changed {change}"), err=True)
    if changed:
        click.get_current_context().exit(CHANGED)


def explain(ids: tuple[str, ...], catalogue: Catalogue, study: Study) -> None:
    """Print under which settings one claim would hold."""
    from lossbench.claims.registry import EXPLANATIONS, arguments_for
    from lossbench.errors import BadValue

    if len(ids) != 1:
        raise BadValue("--explain is for one claim: give its ID, as in lossbench claims T3 --explain")
    (claim,) = catalogue.find(ids)
    deciding = [(one, name) for one in catalogue.deciding(claim) for name in one.experiments]
    searches = [(one, name) for one, name in deciding if name in EXPLANATIONS]
    if not searches:
        raise BadValue(f"there is no search for the settings under which {claim.id} holds; leave --explain out")
    for one, name in searches:
        for line in EXPLANATIONS[name](one, study, **arguments_for(one, name)):
            click.echo(visible(line))


def publish(
    judgements: Sequence[Judgement],
    catalogue: Catalogue,
    study: Study,
    changed: Sequence[ChangedVerdict],
    options: dict[str, Any],
    seconds: float,
) -> None:
    """Write the files, then print what was asked for."""
    from lossbench.claims.files import claims_csv, claims_json, claims_junit, evidence_csv
    from lossbench.claims.tables import LEGEND, overview, tally
    from lossbench.report.tables import markdown
    from lossbench.results.write import write_text

    folder, form = options["output"], options["form"]
    makers: dict[str, Callable[[], str]] = {
        "csv": lambda: claims_csv(judgements),
        "json": lambda: claims_json(judgements),
        "junit": lambda: claims_junit(judgements, catalogue, changed),
        "markdown": lambda: markdown(overview(judgements, catalogue), [*LEGEND, tally(judgements)]),
    }
    if folder is not None:
        write_text(folder / "claims.csv", makers["csv"]())
        write_text(folder / "evidence.csv", evidence_csv(judgements))
        write_text(folder / "claims.md", makers["markdown"]())
    if form in makers:
        click.echo(makers[form](), nl=False)
    elif form or not options["quiet"]:
        print_judgements(judgements, catalogue, study)
        click.echo(f"{seconds:.1f} s" + (f", files in {visible(str(folder))}" if folder else ""))


def print_judgements(judgements: Sequence[Judgement], catalogue: Catalogue, study: Study) -> None:
    """Print the verdicts by document, or one claim in full."""
    from lossbench.claims.pictures import pictures
    from lossbench.claims.tables import LEGEND, comparisons, in_full, overview, remarks, tally
    from lossbench.report.terminal import console, print_lines, show

    if len(judgements) > 1:
        show(None, overview(judgements, catalogue, shortened=True), LEGEND, [tally(judgements)])
        return
    (judgement,) = judgements
    print_lines(console(), [*in_full(judgement, catalogue, study), *pictures(judgement)])
    show(None, comparisons(judgement), said=remarks(judgement))
