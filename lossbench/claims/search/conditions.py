"""The settings under which a reported order, and the reported numbers, would come out.

Every setting of a grid is trained, on the same few seeds for all of them. The order comes out in a setting where
the means of the two arms differ as claimed by more than the margin, in every score; the numbers, where every mean
is within the tolerance of the reported one. Where a training diverged, neither does. Shares are of the grid: rates
and epochs are spaced by their logarithm, and another grid has other shares. Of thousands of settings on few seeds,
single ones come near any numbers by chance; only regions are evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from textwrap import wrap
from typing import Any

import pandas as pd

from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Direction
from lossbench.claims.design import Training
from lossbench.claims.exact.forensics import seen_at, with_share
from lossbench.claims.registry import explanation
from lossbench.claims.search.regions import ORDERED, name, region
from lossbench.claims.study import Study
from lossbench.report.terminal import WIDTH
from lossbench.schema import METRICS

AXES = ("reading", "optimizer", "model", "lr", "epochs", "prevalence", "label noise")
"""What is varied."""

NEAREST = 3
"""Settings that are named where the numbers nearly come out."""


@dataclass(frozen=True)
class Search:
    """The grid of a search, fixed in the catalogue.

    Args:
        lr: learning rates.
        epochs: passes over the training rows.
        optimizers: specs of optimisers.
        models: specs of networks.
        prevalence: shares of positives, in (0, 1).
        label_noise: shares of the training labels that are flipped; test labels never are.
        seeds: how many repetitions; a setting is judged by their mean.
        tolerance: by how much a mean may miss a reported number.
    """

    lr: tuple[float, ...]
    epochs: tuple[float, ...]
    optimizers: tuple[str, ...]
    models: tuple[str, ...]
    prevalence: tuple[float, ...]
    label_noise: tuple[float, ...]
    seeds: float
    tolerance: float


def grid(study: Study, losses: Sequence[str], generator: str, search: Search) -> list[Training]:
    """Return the trainings of a search, one a number of epochs, on a generator with the parameter `positives`."""
    base = next(iter(study.terms.protocols))  # its optimiser and rate give way to those of the grid
    axes: dict[str, Any] = {
        "datasets": list(dict.fromkeys(with_share(generator, share) for share in search.prevalence)),
        "losses": losses,
        "models": list(search.models),
        "optimizers": list(search.optimizers),
        "lr": list(search.lr),
        "tune": False,
        "seeds": list(range(study.first_seed, study.first_seed + int(search.seeds))),
        "outliers": list(search.label_noise),
        "outlier_kind": "label",
    }
    return [Training(base, [axes | {"epochs": int(epochs)}], iter) for epochs in search.epochs]


@explanation("number_table")
def conditions(
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
    """Train the grid, and yield lines of text on where the order and the numbers of the first two arms come out.

    Each reading of their names is an axis of the grid. For the keywords see the experiment.
    """
    arms, scores = arms[:2], score
    first, other = (study.readings(arm, "binary") for arm in arms)
    parts = [one.trained(study)[0].trials for one in grid(study, [*first, *other], generator, search)]
    trials = pd.concat(parts, ignore_index=True)
    yield f"{claim.id}: {len(trials)} trainings on {generator}, {search.seeds:g} seeds a setting"
    means = means_by_setting(trials, generator, search, scores)
    settings = paired_settings(means, list(product(first, other)), scores)
    ordered = has_order(settings, scores, direction, study)
    distance = misses(settings, claim, arms, scores)
    claimed = f"{arms[0]} {direction} than {arms[1]}"
    for depth, text in (
        *about_order(settings, ordered, claimed, scores),
        *about_numbers(settings, distance, scores, search.tolerance),
    ):
        indent = "  " * depth
        yield from wrap(
            text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
        )


def means_by_setting(
    trials: pd.DataFrame, generator: str, search: Search, scores: tuple[str, ...]
) -> pd.DataFrame:
    """Return the mean of each score over the seeds, a row a setting and loss; missing where one is undefined."""
    views = [
        seen_at(trials[trials.dataset == with_share(generator, share)], share).assign(prevalence=share)
        for share in search.prevalence
    ]
    seen = pd.concat(views, ignore_index=True).rename(columns={"outlier_fraction": "label noise"})
    groups = seen.groupby([*AXES[1:], "loss"], sort=False)[list(scores)]
    whole = groups.count().eq(groups.size(), axis="index")
    return groups.mean().where(whole).reset_index()


def paired_settings(
    means: pd.DataFrame, pairs: Iterable[tuple[str, str]], scores: tuple[str, ...]
) -> pd.DataFrame:
    """Return a row a setting and pair of readings, with the scores of the first and of the other loss."""
    keys, parts = list(AXES[1:]), []
    for first, other in pairs:
        mine, its = (means[means.loss == loss][[*keys, *scores]] for loss in (first, other))
        both = mine.merge(its, on=keys, suffixes=(" first", " other"))
        parts.append(both.assign(reading=f"{first} vs {other}", first=first, other=other))
    return pd.concat(parts, ignore_index=True)


def has_order(
    settings: pd.DataFrame, scores: tuple[str, ...], direction: Direction, study: Study
) -> pd.Series[bool]:
    """Say in which settings the arms differ as claimed, in every score."""
    found = pd.Series(True, settings.index)
    for score in scores:
        sign, margin = 1 if METRICS[score].greater_is_better else -1, study.margin(score) or 0.0
        gain = sign * (settings[f"{score} first"] - settings[f"{score} other"])
        held = {
            "better": gain > margin,
            "worse": gain < -margin,
            "equal": gain.abs() <= margin,
            "not worse": gain >= -margin,
        }
        found &= held[direction]
    return found


def misses(
    settings: pd.DataFrame, claim: Claim, arms: tuple[str, ...], scores: tuple[str, ...]
) -> pd.Series[float]:
    """Return by how much the mean that is farthest from its reported number misses it, setting by setting."""
    sides = product(zip(arms, ("first", "other"), strict=True), scores)
    gaps = [
        (settings[f"{score} {side}"] - float(claim.reported[arm, score])).abs() for (arm, side), score in sides
    ]
    return pd.concat(gaps, axis="columns").max(axis="columns", skipna=False)


def about_order(
    settings: pd.DataFrame, ordered: pd.Series[bool], claimed: str, scores: tuple[str, ...]
) -> Iterator[tuple[int, str]]:
    """Yield where the order comes out: its share of the space, along each axis, and where for each reading.

    Each text comes with its depth, by which it is indented.
    """
    yield 0, f"{claimed} in {' and '.join(scores)}: {share_of(ordered)}"
    for axis in AXES:
        along = ordered.groupby(settings[axis], sort=axis in ORDERED).mean()
        yield 1, f"{axis:<12} {', '.join(f'{name(value)} {share:.0%}' for value, share in along.items())}"
    for reading, mine in settings.groupby("reading", sort=False):
        found = ordered[mine.index]
        yield 1, f"{reading}: {share_of(found)}"
        if found.any():
            yield 2, region(mine, found, AXES)
            yield 2, shortfall(mine, found, scores[0])


def about_numbers(
    settings: pd.DataFrame, distance: pd.Series[float], scores: tuple[str, ...], tolerance: float
) -> Iterator[tuple[int, str]]:
    """Yield where the reported numbers come out, and the settings nearest to them, each text with its depth."""
    yield 0, f"all reported numbers within {tolerance:g}: {share_of(distance <= tolerance)}"
    for index in distance.sort_values(kind="stable").index[:NEAREST]:
        row = settings.loc[index]
        at = ", ".join(f"{axis} {name(row[axis])}" for axis in AXES[1:])
        yield 1, f"misses by {distance[index]:.3f}: {row.reading}, {at}"
        sides = product(("first", "other"), scores)
        yield 2, ", ".join(f"{row[side]} {score} {row[f'{score} {side}']:.3f}" for side, score in sides)


def share_of(found: pd.Series[bool]) -> str:
    """Write how many settings that is, and which share of all.

    Example:
        >>> share_of(pd.Series([True, False, False, False]))
        '1 of 4 settings (25.00%)'
    """
    return f"{int(found.sum())} of {len(found)} settings ({found.mean():.2%})"


def shortfall(settings: pd.DataFrame, ordered: pd.Series[bool], score: str) -> str:
    """Say how far the other loss stays behind its own best on the same data, where the order comes out.

    What stays far behind is not trained well there: too little, or at a rate that is too large.
    """
    sign = 1 if METRICS[score].greater_is_better else -1
    worth = sign * settings[f"{score} other"]
    best = worth.groupby([settings[axis] for axis in ("reading", "prevalence", "label noise")]).transform("max")
    there, elsewhere = ((best - worth)[mask].mean() for mask in (ordered, ~ordered))
    other = settings.other.iloc[0]
    return f"there, {other} is {there:.3f} of {score} behind its best on the same data; elsewhere {elsewhere:.3f}"
