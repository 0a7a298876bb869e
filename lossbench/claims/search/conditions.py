"""Find the settings that give a reported order, and those that give the reported numbers.

Every setting of a grid is trained on the same few seeds. A setting gives the order if the means of the two arms
differ as claimed by more than the margin, in every score; it gives the numbers if every mean is within the
tolerance of the reported one. A setting in which a training diverged gives neither. Shares refer to the grid, in
which rates and epochs are spaced logarithmically; another grid has other shares. Among thousands of settings on
few seeds, single ones come near any numbers by chance; only regions are evidence. So the share of the claimed
order is shown beside that of the reverse order, and beside both for a placebo: the first loss against another
implementation of itself. A region is found on one half of the seeds, and confirmed on the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import pandas as pd

from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Direction
from lossbench.claims.design import Training
from lossbench.claims.exact.forensics import f1_of_share, with_share
from lossbench.claims.registry import explanation
from lossbench.claims.search.found import Conditions, Likeness, Near, OfReading, Share, Shortfall
from lossbench.claims.search.regions import ORDERED, PURE, region
from lossbench.claims.study import Study
from lossbench.losses.registry import losses_of
from lossbench.schema import METRICS

AXES = ("reading", "optimizer", "model", "lr", "epochs", "prevalence", "label noise")
"""The columns of the settings that are varied."""

NEAREST = 3
"""The number of settings listed that come nearest to the numbers."""


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
        seeds: the number of repetitions; a setting is judged by their mean.
        tolerance: the largest difference allowed between a mean and a reported number.
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
    """Return the trainings of a search, one per number of epochs, on a generator with a parameter `positives`."""
    base = next(iter(study.terms.protocols))  # the grid replaces its optimiser and rate
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
) -> Conditions:
    """Train the grid, and return the settings that give the order and the numbers of two arms.

    The readings of the two names are an axis of the grid. For the keywords see the experiment.
    """
    arms, scores = arms[:2], score
    first, other = (study.readings(arm, "binary") for arm in arms)
    same = placebos(first)
    losses = list(dict.fromkeys([*first, *other, *same]))
    parts = [one.trained(study)[0].trials for one in grid(study, losses, generator, search)]
    trials = pd.concat(parts, ignore_index=True)
    pairs = list(product(first, other))
    settings, confirming = (
        paired_settings(means_by_setting(half, generator, search, scores), pairs, scores)
        for half in halves(trials)
    )
    whole = means_by_setting(trials, generator, search, scores)
    every = paired_settings(whole, pairs, scores)
    placebo = paired_settings(whole, [(loss, copy) for copy, loss in same.items()], scores)
    distance = largest_distance(every, claim, arms, scores)
    order = Order(scores, direction, study)
    ordered = order.claimed(every)
    return Conditions(
        len(trials),
        generator,
        search.seeds,
        arms,
        direction,
        scores,
        likeness(every, distance <= search.tolerance),
        Share.where(ordered),
        Share.where(order.reverse(every)),
        Share.where(order.equal(every)),
        (Share.where(order.claimed(placebo)), Share.where(order.reverse(placebo))) if len(placebo) else None,
        {axis: dict(ordered.groupby(every[axis], sort=axis in ORDERED).mean().items()) for axis in AXES},
        tuple(by_reading(settings, confirming, order)),
        search.tolerance,
        tuple(nearest(every, distance, scores)),
    )


def placebos(losses: Sequence[str]) -> dict[str, str]:
    """Return the placebos of some losses of two classes, each with the loss that it equals."""
    same = ((record.name, record.placebo) for record in losses_of("binary"))
    return {name: loss for name, loss in same if loss is not None and loss in losses}


def halves(trials: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trials of every other seed, and the rest of them."""
    first = trials.seed.isin(sorted(trials.seed.unique())[::2])
    return trials[first], trials[~first]


def means_by_setting(
    trials: pd.DataFrame, generator: str, search: Search, scores: tuple[str, ...]
) -> pd.DataFrame:
    """Return the mean of each score over the seeds, one row per setting and loss; missing if one is undefined."""
    views = [
        f1_of_share(trials[trials.dataset == with_share(generator, share)], share).assign(prevalence=share)
        for share in search.prevalence
    ]
    seen = pd.concat(views, ignore_index=True).rename(columns={"outlier_fraction": "label noise"})
    groups = seen.groupby([*AXES[1:], "loss"])[list(scores)]
    whole = groups.count().eq(groups.size(), axis="index")
    return groups.mean().where(whole).reset_index()


def paired_settings(
    means: pd.DataFrame, pairs: Iterable[tuple[str, str]], scores: tuple[str, ...]
) -> pd.DataFrame:
    """Return one row per setting and pair of readings, with the scores of both losses."""
    keys, parts = list(AXES[1:]), []
    for first, other in pairs:
        mine, its = (means[means.loss == loss][[*keys, *scores]] for loss in (first, other))
        both = mine.merge(its, on=keys, suffixes=(" first", " other"))
        parts.append(both.assign(reading=f"{first} vs {other}", first=first, other=other))
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Order:
    """The claimed order of two arms, in every score."""

    scores: tuple[str, ...]
    direction: Direction
    study: Study

    def claimed(self, settings: pd.DataFrame) -> pd.Series[bool]:
        """Say in which settings the arms differ as claimed."""
        return self._everywhere(settings, self.direction)

    def reverse(self, settings: pd.DataFrame) -> pd.Series[bool]:
        """Say in which settings they differ the other way."""
        return self._everywhere(settings, OPPOSITE[self.direction])

    def equal(self, settings: pd.DataFrame) -> pd.Series[bool]:
        """Say in which settings they are within the margin."""
        return self._everywhere(settings, "equal")

    def _everywhere(self, settings: pd.DataFrame, direction: Direction | Literal["not equal"]) -> pd.Series[bool]:
        found = pd.Series(True, settings.index)
        for score in self.scores:
            margin = self.study.margin(score) or 0.0
            gain = METRICS[score].sign * (settings[f"{score} first"] - settings[f"{score} other"])
            held = {
                "better": gain > margin,
                "worse": gain < -margin,
                "equal": gain.abs() <= margin,
                "not equal": gain.abs() > margin,
                "not worse": gain >= -margin,
            }
            found &= held[direction]
        return found


OPPOSITE: dict[Direction, Direction | Literal["not equal"]] = {
    "better": "worse",
    "worse": "better",
    "equal": "not equal",
    "not worse": "worse",
}
"""The opposite of each direction."""


def largest_distance(
    settings: pd.DataFrame, claim: Claim, arms: tuple[str, ...], scores: tuple[str, ...]
) -> pd.Series[float]:
    """Return the largest distance of a mean from its reported number, for each setting."""
    sides = product(zip(arms, ("first", "other"), strict=True), scores)
    gaps = [
        (settings[f"{score} {side}"] - float(claim.reported[arm, score])).abs() for (arm, side), score in sides
    ]
    return pd.concat(gaps, axis="columns").max(axis="columns", skipna=False)


def likeness(settings: pd.DataFrame, near: pd.Series[bool]) -> Likeness:
    """Return what three quarters of the settings near the printed numbers have in common."""
    if not near.any():
        return Likeness(Share.where(near))
    mine, far = settings[near], settings.lr * settings.epochs
    model, share = max(mine.model.value_counts(normalize=True).items(), key=lambda pair: pair[1])
    early = bool((far[near] < far.median()).mean() >= PURE)
    flipped = bool((mine["label noise"] > 0).mean() >= PURE)
    return Likeness(Share.where(near), str(model) if share >= PURE else "", early, flipped)


def by_reading(settings: pd.DataFrame, confirming: pd.DataFrame, order: Order) -> Iterator[OfReading]:
    """Yield the region that gives the order for each reading, found on half of the seeds, confirmed on others."""
    keys = list(AXES)
    aligned = confirming.set_index(keys).reindex(pd.MultiIndex.from_frame(settings[keys])).reset_index()
    ordered, again = order.claimed(settings), order.claimed(aligned)
    for reading, mine in settings.groupby("reading", sort=False):
        found = ordered[mine.index]
        told = OfReading(str(reading), Share.where(found))
        if found.any():
            best = region(mine, found, AXES)
            there = Share.where(again[mine.index][best.inside]) if best.hits else None
            told = replace(told, region=best, again=there, behind=shortfall(mine, found, order.scores[0]))
        yield told


def nearest(settings: pd.DataFrame, distance: pd.Series[float], scores: tuple[str, ...]) -> Iterator[Near]:
    """Yield the settings that come nearest to the reported numbers."""
    for index in distance.sort_values(kind="stable").index[:NEAREST]:
        row = settings.loc[index]
        sides = product(("first", "other"), scores)
        means = tuple((row[side], score, row[f"{score} {side}"]) for side, score in sides)
        yield Near(distance[index], row.reading, {axis: row[axis] for axis in AXES[1:]}, means)


def shortfall(settings: pd.DataFrame, ordered: pd.Series[bool], score: str) -> Shortfall:
    """Return how far the other loss is behind its own best on the same data, in the settings that give the order.

    A loss far behind its best is not trained well there: too briefly, or at too large a rate.
    """
    worth = METRICS[score].sign * settings[f"{score} other"]
    best = worth.groupby([settings[axis] for axis in ("reading", "prevalence", "label noise")]).transform("max")
    there, elsewhere = ((best - worth)[mask].mean() for mask in (ordered, ~ordered))
    return Shortfall(settings.other.iloc[0], score, there, elsewhere)
