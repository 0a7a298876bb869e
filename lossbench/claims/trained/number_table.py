"""A table of accuracy and F1: who is ahead, by how much, and the measured scores beside the reported ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, product
from typing import Any

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment, explanation
from lossbench.claims.search.conditions import Search, axes_of_search, conditions
from lossbench.claims.search.prevalence import implied_share, seen_at, with_share
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell
from lossbench.claims.trained.contest import Bout, bouts, matches_of, met, pairs_of, values_of
from lossbench.claims.trained.contrast import Direction, judge_all
from lossbench.claims.trained.levels import level
from lossbench.plan.settings import make_settings
from lossbench.training.network import parse_model
from lossbench.training.optimisers import parse_optimiser


def check_number_table(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    datasets: tuple[str, ...],
    generator: str,
    search: Search,
    **rest: Any,
) -> None:
    """Refuse a table that cannot be tried.

    Raises:
        UsageError: a loss, data set, score or setting that does not exist, does not fit or is out of range.
    """
    shares = (implied_share(claim, arms), *search.prevalence)
    bouts(study, arms, score, (*datasets, *(with_share(generator, share) for share in shares)))
    for epochs in search.epochs:
        make_settings(**axes_of_search(search, epochs))
    for model in search.models:
        parse_model(model)
    for optimizer in search.optimizers:
        parse_optimiser(optimizer)


@experiment("number_table", check=check_number_table)
def number_table(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    direction: Direction,
    datasets: tuple[str, ...],
    generator: str,
    search: Search,
) -> list[Evidence]:
    """Train the arms under every protocol, also at the share of positives that their reported scores imply.

    arms: the first against each of the others, in all readings of their names.
    generator: a data set with the parameter `positives`, made at the implied share; above one half it is mirrored,
    and its frequent class is the positive one.
    search: what `--explain` searches.
    """
    share = implied_share(claim, arms)
    made = with_share(generator, share)
    held = [
        (replace(cell, trials=seen_at(cell.trials, share)) if cell.dataset == made else cell, bout)
        for bout in bouts(study, arms, score, (*datasets, made))
        for cell in met(study, bout, {"outliers": [0.0]})
    ]
    matches = [match for cell, bout in held for match in matches_of(cell, bout, claim, study, score, direction)]
    shown = [line for cell, bout in held for line in levels_of(cell, bout, claim, study, score)]
    return [remark(line, made, share) for line in (*judge_all(matches), *shown)]


def remark(line: Evidence, made: str, share: float) -> Evidence:
    """Return evidence from the data at the implied share with a note that says so, and other evidence as it is."""
    if line.dataset != made:
        return line
    seen = ", the frequent class taken as the positive one" if share > 0.5 else ""
    said = f"{share:.1%} positives, as the reported rows imply{seen}"
    return replace(line, note=", ".join(filter(None, [line.note, said])))


def levels_of(cell: Cell, bout: Bout, claim: Claim, study: Study, scores: tuple[str, ...]) -> Iterator[Evidence]:
    """Yield the scores of each loss beside the reported ones."""
    for score, loss in product(scores, dict.fromkeys(chain(*pairs_of(cell, bout)))):
        yield level(
            Evidence("not testable", score, protocol=cell.protocol, dataset=cell.dataset, case=loss),
            values_of(cell, loss, score),
            cell.test_to_train,
            claim.reported.get(f"{bout.arms[loss]} {score}"),
            study.terms.margins.get(score),
        )


@explanation("number_table")
def conditions_of_table(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    score: tuple[str, ...],
    direction: Direction,
    generator: str,
    search: Search,
    **rest: Any,
) -> Iterator[str]:
    """Search for the settings under which the first two arms have the reported order, and the reported scores."""
    return conditions(claim, study, (arms[0], arms[1]), score, direction, generator, search)
