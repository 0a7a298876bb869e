"""Each loss at its own learning rate: the scores on the grid, the choice, and where that changes a verdict.

Every loss gets the same budget: the same grid on the same seeds, none of which is reported. A rate is chosen by
the primary score on the validation part at the last epoch, which is the epoch that the report shows (Choi et al.
2019, On empirical comparisons of optimizers for deep learning, section 3: the search space may decide the
ranking).

To show how a verdict depends on the budget of a search, it is repeated with fewer settings of each loss. The first
settings of a search are a search of their own, so nothing is trained for this (Dodge et al. 2019, Show your work:
improved reporting of experimental results, section 3).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations_with_replacement
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from lossbench.schema import ARM, BUDGET, METRICS, OVERLAP, watched
from lossbench.stats.choice import best_rate
from lossbench.stats.paired import corrected_interval, shared_rows
from lossbench.stats.verdicts import agreement

READ = (*ARM, "lr", "grid", "search_place", "score", "validation_score", "status", *OVERLAP)
"""The columns of trials that a choice uses."""

Trained = dict[str, Any]
"""One training, as these columns."""


def tuning_table(trials: pd.DataFrame, ends: Collection[str] = (), losses: Iterable[str] = ()) -> pd.DataFrame:
    """Return one row for each arm and rate: its validation score over the tuning seeds, and whether it was chosen.

    The best mean wins; ties go to the middle rate. A rate at which any seed diverged is not chosen. The values of
    a parameter that is tuned are one arm, whose settings are a value and a rate.

    Args:
        trials: the trials of the tuning seeds.
        ends: the losses that are the first or last value of their grid, beyond which there are further values.
        losses: in the order of the values of each grid; losses that are not named come last.

    Returns:
        Columns `ARM`, lr, score, n, diverged, mean, low, high, chosen, and at_edge: chosen, and the smallest or
        largest of the grid, so that a better rate may lie beyond; where parameters are tuned also grid, and
        parameter_at_edge.
    """
    arms: dict[tuple[Any, ...], dict[tuple[int, float], list[Trained]]] = {}
    kinds = {loss: number for number, loss in enumerate(dict.fromkeys([*losses, *trials.loss.unique()]))}
    for values in zip(*(trials[name].tolist() for name in READ), strict=True):
        trained = dict(zip(READ, values, strict=True))
        arm = tuple(arm_of(trained) if name == "loss" else trained[name] for name in ARM)
        place = kinds[trained["loss"]], trained["lr"]
        arms.setdefault(arm, {}).setdefault(place, []).append(trained)
    rows = [
        row | {"parameter_at_edge": row["chosen"] and row["loss"] in ends}
        for arm in arms.values()
        for row in arm_rows(arm)
    ]
    made = pd.DataFrame(rows)
    unused = [] if made.grid.notna().any() else ["grid", "parameter_at_edge"]
    return made.drop(columns=unused + ([] if made.search_place.notna().any() else ["search_place"]))


def nearly_chosen(trials: pd.DataFrame) -> set[tuple[Any, ...]]:
    """Return the arms with each rate that some resample of the tuning seeds chooses.

    A rate that no resample chooses would hardly be chosen by other seeds.

    Args:
        trials: the trials of the tuning seeds.

    Returns:
        `ARM` and lr of each.
    """
    sign = trials.task.map(lambda task: METRICS[watched(task, trials.score.iloc[0])].sign)
    worth = (sign * trials.validation_score).where(trials.status == "ok").fillna(-math.inf)
    arms: dict[tuple[Any, ...], dict[float, list[float]]] = {}
    by_seed = trials[[*ARM, "lr"]].assign(worth=worth).iloc[np.argsort(trials.seed, kind="stable")]
    for *arm, rate, value in by_seed.itertuples(index=False, name=None):
        arms.setdefault(tuple(arm), {}).setdefault(rate, []).append(value)
    seeds = trials.seed.nunique()
    resamples = np.array(list(combinations_with_replacement(range(seeds), seeds)))
    found = set()
    for key, scores in arms.items():
        rates = sorted(scores)
        best = best_rate(np.array([scores[rate] for rate in rates])[:, resamples].mean(axis=-1).T)
        found |= {(*key, rates[place]) for place in np.unique(best).tolist()}
    return found


def arm_of(trained: Mapping[str, Any]) -> str:
    """Return the arm of a training: its loss, or the grid of which the loss is a value."""
    return str(trained["loss"] if pd.isna(trained["grid"]) else trained["grid"])


def arm_rows(settings: dict[tuple[int, float], list[Trained]]) -> list[dict[str, Any]]:
    """Return the rows of one arm: its values in order, and for each its rates ascending."""
    rows = [rate_row(settings[place]) for place in sorted(settings)]
    chosen, edges = best_setting(rows), edge_rates(rows)
    return [
        row | {"chosen": place == chosen, "at_edge": place == chosen and row["lr"] in edges}
        for place, row in enumerate(rows)
    ]


def edge_rates(rows: Sequence[Mapping[str, Any]]) -> set[float]:
    """Return the rates beyond which a better one may lie: the smallest and the largest of several.

    For a search these are all rates within one step of an even grid from either end: an adaptive search crowds
    around its best rate, which may then have neighbours beyond it.
    """
    rates = np.log(np.unique([row["lr"] for row in rows]))
    if len(rates) < 2:
        return set()
    searched = not pd.isna(rows[0]["search_place"])
    near = (rates[-1] - rates[0]) / len(rows) if searched else 0.0
    return {row["lr"] for row in rows if min(np.log(row["lr"]) - rates[0], rates[-1] - np.log(row["lr"])) <= near}


def best_setting(rows: Sequence[Mapping[str, Any] | pd.Series[Any]]) -> int:
    """Return the index of the chosen setting of an arm, given their rows."""
    return int(best_rate(np.array([worth(row) for row in rows])))


def worth(row: Mapping[str, Any] | pd.Series[Any]) -> float:
    """Return the score of a setting, given its row: greater is better; minus infinity where a seed diverged."""
    sign = METRICS[watched(row["task"], row["score"])].sign
    return -math.inf if row["diverged"] or math.isnan(row["mean"]) else float(sign * row["mean"])


def chosen_within(tuning: pd.DataFrame, settings: int) -> pd.DataFrame:
    """Return the rows of a search's first settings, with the choice among these."""
    first = tuning[tuning.search_place <= settings]
    arm = first.grid.fillna(first.loss) if "grid" in first else first.loss
    chosen = pd.Series(False, first.index)
    for _, rows in first.groupby([arm, *(name for name in ARM if name != "loss")], sort=False):
        chosen[rows.index[best_setting([row for _, row in rows.iterrows()])]] = True
    return first.assign(chosen=chosen)


def rate_row(trained: list[Trained]) -> dict[str, Any]:
    """Return the row that summarises the trainings of one arm at one rate."""
    about = trained[0]
    values = np.array([one["validation_score"] for one in trained], dtype=np.float64)
    seen = watched(about["task"], about["score"])
    found = corrected_interval(values, shared_rows(*(about[name] for name in OVERLAP))).of_score(seen)
    diverged = sum(one["status"] == "diverged" for one in trained)
    interval = {"mean": found.mean, "low": found.low, "high": found.high}
    shown = {name: about[name] for name in (*ARM, "score", "lr")} | {"n": found.n, "diverged": diverged} | interval
    return shown | {"grid": about["grid"], "search_place": about["search_place"]}


def at_own_rate(trials: pd.DataFrame, tuning: pd.DataFrame) -> pd.DataFrame:
    """Return the reported trials of each arm at the rate that was chosen for it, in their order."""
    chosen = pd.MultiIndex.from_frame(tuning.loc[tuning.chosen, [*ARM, "lr"]])
    return trials[pd.MultiIndex.from_frame(trials[[*ARM, "lr"]]).isin(chosen)]


def at_common_rates(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials that are compared at one rate for all: the middle value of each grid, at shared rates.

    For a search these are the trials of the setting with which every loss begins; without a grid, all trials.
    """
    if trials.search_place.notna().any():
        return trials[trials.search_place == 1]
    if trials.grid.isna().all():
        return trials
    arm = trials.grid.fillna(trials.loss)
    middle = trials.loss.groupby([trials.dataset, arm]).transform(middle_value)
    shared = trials.groupby(["dataset", "lr"]).loss.transform("nunique") == trials.groupby(
        "dataset"
    ).loss.transform("nunique")
    return trials[shared & (trials.loss == middle)]


def middle_value(losses: pd.Series[Any]) -> str:
    """Return the middle one of the distinct losses of an arm; of two middle ones, the first."""
    values = losses.unique()
    return str(values[(len(values) - 1) // 2])


def side_by_side(summary: pd.DataFrame, arms: Mapping[str, str] = MappingProxyType({})) -> pd.DataFrame:
    """Return both views of each loss in one row: at one rate for all, and at its own.

    Args:
        summary: with both views, "fixed" at one or several rates and "tuned".
        arms: for each loss that is a value of a grid, that grid, which names it in both views.

    Returns:
        One row per data set, setting, fixed rate and loss: `ARM`, lr (the fixed rate), score, mean, low, high,
        verdict and letters there, the same with the suffix `_tuned`, and their agreement.
    """
    summary = summary.assign(loss=summary.loss.replace(dict(arms)))
    keys, shown = list(ARM), ["lr", "mean", "low", "high", "verdict", "letters"]
    fixed, tuned = (summary[summary["view"] == view] for view in ("fixed", "tuned"))
    both = fixed[[*keys, "score", *shown]].merge(tuned[[*keys, *shown]], on=keys, suffixes=("", "_tuned"))
    return both.assign(agreement=agreement(both.verdict, both.verdict_tuned))


def disagreements(summary: pd.DataFrame, arms: Mapping[str, str] = MappingProxyType({})) -> pd.DataFrame:
    """Return the rows of `side_by_side` where the two views disagree."""
    both = side_by_side(summary, arms)
    return both[both.agreement == "disagree"]


def sizes(settings: int) -> list[int]:
    """Return the numbers of settings to look at: powers of two, and all of them.

    Example:
        >>> sizes(63)
        [4, 8, 16, 32, 63]
    """
    return [*(2**power for power in range(2, settings.bit_length()) if 2**power < settings), settings]


def budget_table(summaries: Mapping[int, pd.DataFrame], arms: Mapping[str, str]) -> pd.DataFrame:
    """Return the verdicts after each number of settings, each loss at its own best.

    Args:
        summaries: by the number of settings, the summary of a search of so many.
        arms: for each loss that is a value of a grid, that grid.

    Returns:
        One row per number of settings, data set, setting and loss, see `lossbench.schema.BUDGET`; `moved` says
        whether the verdict differs from that with all settings.
    """
    rows = pd.concat(
        [rows[rows["view"] == "tuned"].assign(settings=size, value=rows.loss) for size, rows in summaries.items()]
    )
    named = rows[["loss", "reference"]].replace(dict(arms))
    rows = rows.assign(**named).reset_index(drop=True)
    keys = ["dataset", *ARM]
    last = rows[rows.settings == max(summaries)].set_index(keys).verdict
    final = pd.Series(last.reindex(pd.MultiIndex.from_frame(rows[keys])).to_numpy(), rows.index)
    return rows.assign(moved=rows.verdict.fillna("") != final.fillna(""))[list(BUDGET)]
