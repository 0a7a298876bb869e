"""From the verdicts of one table to its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lossbench.schema import METRICS, SETTING
from lossbench.stats.answer.contaminated import at_each_share
from lossbench.stats.answer.facts import Against, Limit, TableAnswer, unfinished
from lossbench.stats.groups import ComparisonGroup
from lossbench.stats.paired import paired_test
from lossbench.stats.pairs import Judged, pairs_of
from lossbench.stats.sample_size import MOST, decided
from lossbench.stats.verdicts import APART, BETTER, WORSE

Beaten = tuple[tuple[str, tuple[str, ...]], ...]

BEYOND_MARGIN = {BETTER[0]: 1, WORSE[0]: -1}
"""The verdicts on a difference that may matter, and the side that each is on."""


def answers(judged: Iterable[Judged], margins: Mapping[str, float]) -> list[TableAnswer]:
    """Return the answer of each table.

    Args:
        judged: the comparison groups with their pairs, from `lossbench.stats.pairs.judge`.
        margins: the difference that is too small to matter, by score.
    """
    found = [answer(one, margins.get(one.group.score)) for one in judged]
    fixed = [one for one in found if one.view == "fixed"]
    return [one if one.view == "fixed" else replace(one, disagree=disagreeing(one, fixed)) for one in found]


def answer(judged: Judged, margin: float | None) -> TableAnswer:
    """Return the answer of one table, except for where the views disagree."""
    group, others = judged.group, against(judged)
    scored, losers = (
        ~np.isnan(group.clean(group.score)).all(axis=1),
        tuple(loss for loss, _ in beaten_by(judged, BEYOND_MARGIN)),
    )
    ended_well = zip(group.losses, group.whole() & scored, strict=True)
    contamination = {"outlier_kind": group.outlier_kind, "outlier_fraction": float(group.shares[0])}
    return TableAnswer(
        **{name: getattr(group, name) for name in ("dataset", "task", "view", "score", "unit")},
        setting=setting(group) | contamination,
        margin=margin,
        reference=group.losses[0],
        units=units(group),
        seeds=group.rows.shape[1],
        others=others,
        best=tuple(loss for loss, ended in ended_well if ended and loss not in losers),
        beaten=beaten_by(judged),
        losers=losers,
        unfinished=unfinished(group),
        limit=limit(group, others, margin),
        contaminated=at_each_share(group, margin),
        rates=tuple(zip(group.losses, group.setting()["lr"], strict=True)) if group.view == "tuned" else (),
        unlearned=unlearned(group),
    )


def unlearned(group: ComparisonGroup) -> float | None:
    """Return the mean score of the constant answer, unless a loss is shown to do better, by a test over seeds.

    The test of each loss is at the full level: that none does better is said too rarely rather than too often.
    """
    constant = group.clean("constant_score")
    gains = METRICS[group.score].sign * (group.scored - constant)
    if np.isnan(constant).all():
        return None
    low = gains if gains.shape[1] < 2 else paired_test(gains, group.test_to_train).estimate.interval().low
    return None if np.any(low > 0) else float(np.nanmean(constant))


def setting(group: ComparisonGroup) -> dict[str, Any]:
    """Return the shared setting, as plain numbers and texts."""
    return {
        name: getattr(value, "item", lambda value=value: value)() for name, value in group.shared_setting().items()
    }


def against(judged: Judged) -> tuple[Against, ...]:
    """Return the result of each loss against the first; these are the first pairs."""
    names = ("verdict", "difference", "difference_low", "difference_high")
    others = judged.group.losses[1:]
    columns = (np.asarray(judged.pairs[name])[: len(others)].tolist() for name in names)
    more = (None if np.isnan(seeds) else int(seeds) for seeds in judged.pairs["more_seeds"][: len(others)])
    return tuple(Against(*cells) for cells in zip(others, *columns, more, strict=True))


def beaten_by(judged: Judged, sides: Mapping[str, int] = APART) -> Beaten:
    """Return each loss that others beat, with all of those, by the verdicts on all pairs.

    Args:
        judged: the comparison group with its pairs.
        sides: the verdicts that count, and the side that each is on.
    """
    losses = judged.group.losses
    found: dict[str, list[str]] = {}
    for first, second, word in zip(*pairs_of(judged.group), judged.pairs["verdict"], strict=True):
        if side := sides.get(word, 0):
            loser, winner = (first, second) if side > 0 else (second, first)
            found.setdefault(losses[loser], []).append(losses[winner])
    return tuple((loss, tuple(found[loss])) for loss in losses if loss in found)


def units(group: ComparisonGroup) -> int:
    """Return how many independent units the primary score is judged over."""
    known = group.contributions(group.score)
    return group.rows.shape[1] if known is None else len(np.unique(known.unit))


def limit(group: ComparisonGroup, others: tuple[Against, ...], margin: float | None) -> Limit:
    """Return what is lacking where seeds do not decide; "" for losses that did not end well."""
    whole = dict(zip(group.losses, group.whole(), strict=True))
    stuck = [one for one in others if one.more_seeds is None and whole[one.loss] and whole[group.losses[0]]]
    if not stuck:
        return ""
    if group.rows.shape[1] < 2:
        return "one seed"
    if group.choice is not None and limited_by_tuning(group, [one.loss for one in stuck], margin):
        return "tuning"
    return "rows" if group.test_to_train else "seeds"


def limited_by_tuning(group: ComparisonGroup, losses: list[str], margin: float | None) -> bool:
    """Say whether more seeds would decide some of these losses if the choice of rates added no variance."""
    second = np.array([group.losses.index(loss) for loss in losses])
    known = replace(group, choice=None).difference(np.zeros_like(second), second)
    seeds = np.full(len(second), MOST)
    return bool(decided(known.at(seeds), margin, group.correction * (len(group.losses) - 1)).any())


def disagreeing(own: TableAnswer, fixed: Iterable[TableAnswer]) -> tuple[tuple[str, float, str], ...]:
    """Return loss, rate and verdict where one rate for all puts a loss on another side of the reference."""
    shared = [name for name in SETTING if name != "lr"]
    sides = {one.loss: APART.get(one.verdict, 0) for one in own.others}
    return tuple(
        (one.loss, float(table.setting["lr"]), one.verdict)
        for table in fixed
        if table.dataset == own.dataset and all(table.setting[name] == own.setting[name] for name in shared)
        for one in table.others
        if one.loss in sides and APART.get(one.verdict, 0) != sides[one.loss]
    )
