"""`lossbench claim`: a claim of your own, in one sentence."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli.judged import ClaimsOptions, claims_options, judged, publish
from lossbench.visible import visible

if TYPE_CHECKING:
    from lossbench.claims import Catalogue


@click.command(short_help="Try a claim of your own, in one sentence.")
@click.argument("sentence")
@claims_options
def claim(sentence: str, wanted: ClaimsOptions) -> None:
    """Try a claim of your own, such as "focal beats bce in f1 on imbalanced", and judge it.

    LOSS [always|sometimes] beats|equals|is not worse than|is worse than LOSS [by 0.05] [in SCORE] on DATASET[,
    DATASET] [with 10% target outliers]

    always: one opposing case refutes it; sometimes: one case shows it. by: a difference up to that is none. The
    claim is printed as TOML too, for a file of your own: lossbench claims -c FILE.
    """
    start = time.perf_counter()
    from lossbench.claims.sentence import read_sentence, toml_of

    table = read_sentence(sentence)
    table |= {"score": default_score(table["datasets"])} if "score" not in table else {}
    catalogue = catalogue_of_one(table)
    verdicts = judged(catalogue, catalogue.find(), wanted)
    publish(verdicts.repeated_by(repeat_command(sentence, wanted)), wanted, start)
    if not wanted.quiet and wanted.form in (None, "table"):
        click.echo(f"\nFor a file of your own:\n\n{visible_lines(toml_of(table))}")


def default_score(datasets: list[str]) -> list[str]:
    """Return the score by which the data sets are judged, where the sentence names none."""
    from lossbench.data import load_dataset
    from lossbench.errors import BadValue
    from lossbench.metrics.scores import primary_score

    scores = dict.fromkeys(primary_score(load_dataset(spec)) for spec in datasets)
    if len(scores) > 1:
        raise BadValue(
            f"{' and '.join(datasets)} are judged by {' and '.join(scores)}; name one: in {next(iter(scores))}"
        )
    return list(scores)


def catalogue_of_one(table: dict[str, Any]) -> Catalogue:
    """Return a catalogue with this one claim."""
    from pathlib import Path

    from lossbench.claims.catalogue import catalogue_of
    from lossbench.claims.sentence import NAME
    from lossbench.plan.toml import Place

    return catalogue_of(Place(()), {"claims": {NAME: table}}, Path("a claim of your own"))


def repeat_command(sentence: str, wanted: ClaimsOptions) -> str:
    """Return the command that repeats the judgement."""
    parts = ["lossbench", "claim", sentence]
    parts += ["--quick"] if wanted.quick else []
    parts += ["--first-seed", str(wanted.first_seed)] if wanted.first_seed else []
    return shlex.join(parts)


def visible_lines(text: str) -> str:
    """Return lines with invisible characters written as escapes."""
    return "\n".join(map(visible, text.splitlines()))
