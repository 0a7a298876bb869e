"""The summary of a table of trials: means, verdicts, speed and robustness, one row per loss.

Everything is paired by seed within a setting: data set, model, optimiser, rate, penalties. Nothing here depends on
how a trial was trained; `trials.csv` is all it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from lossbench.metrics.robustness import robustness
from lossbench.metrics.scores import metrics_of
from lossbench.schema import METRICS, SUMMARY, at_best, three
from lossbench.stats.estimate import Interval, Numbers
from lossbench.stats.families import holm
from lossbench.stats.groups import ComparisonGroup, stack
from lossbench.stats.paired import corrected_interval, moments, over_seeds
from lossbench.stats.pairs import Judged, shared_letters, spread
from lossbench.stats.survival import median_time, restricted_times, share_reached, speed_verdict
from lossbench.stats.verdicts import fair


def summarise(judged: Iterable[Judged], margins: Mapping[str, float]) -> pd.DataFrame:
    """Return one row for each data set, setting and loss, and where rates were tuned, for each loss at its own.

    Means have intervals (`_low`, `_high`) over the seeds where they are defined, which are counted (`n`, `_n`);
    `undefined` counts trainings that ended well but have no primary score. The verdict is against the first loss,
    by the primary score, corrected over the pairs of the table with these first; where trainings of a loss
    diverged or failed, only a verdict against it stands. Scores are those on the clean test part after training on
    the smallest contaminated share; `robustness`, `slope` and `breakdown` are over all shares.
    """
    return stack((loss_columns(one.group, one.pairs, margins) for one in judged), SUMMARY, by="loss")


def loss_columns(group: ComparisonGroup, pairs: Mapping[str, Any], margins: Mapping[str, float]) -> dict[str, Any]:
    """Return the columns of the losses of one comparison group, in their order."""
    others = len(group.losses) - 1
    differences = {name: cells[:others] for name, cells in pairs.items()}  # the reference is in the first pairs
    mean = mean_interval(group, group.score)
    return {
        **undefined_for_reference(differences | {"difference_n": differences["n"]}),
        **identity_columns(group),
        **{"n": mean.n, "undefined": group.count("ok") - mean.n},
        **{"mean": mean.mean, "low": mean.low, "high": mean.high},
        "tied_with_best": tied_with_best(group),
        "letters": shared_letters(group, pairs["verdict"]),
        **metric_columns(group),
        **speed_columns(group, margins),
        **robustness_columns(group),
    }


def mean_interval(group: ComparisonGroup, score: str) -> Interval:
    """Return the clean mean of each loss, (losses,), its interval cut to the range of the score, and its seeds."""
    n, mean, _ = moments(group.clean(score))
    return replace(group.mean_of(score).at().interval().of_score(score), mean=mean, n=n)


def tied_with_best(group: ComparisonGroup) -> np.ndarray:
    """Say which losses cannot be distinguished from the one with the best mean, (losses,).

    A loss is distinguished from the best if the interval of their paired difference excludes zero. The best was
    chosen from the same data, and nothing is corrected for the number of losses: this marks rows of a table and is
    no verdict. True for the best itself, False for a loss that did not end well for every seed, or has no score.
    """
    means = np.where(group.whole(), moments(group.scored)[1], np.nan)
    if np.isnan(means).all():
        return np.zeros(len(means), dtype=bool)
    best = np.nanargmax(METRICS[group.score].sign * means)
    losses = np.arange(len(means))
    gap = group.difference(np.full_like(losses, best), losses).at().interval()
    apart = gap.off_zero & (losses != best)
    return np.asarray(~(apart | np.isnan(means)))


def identity_columns(group: ComparisonGroup) -> dict[str, Any]:
    """Return the columns that identify each row."""
    losses = np.arange(len(group.losses))
    return {
        **{name: getattr(group, name) for name in ("dataset", "task", "view", "score")},
        "unit": group.units_of(np.zeros_like(losses), losses),
        "loss": group.losses,
        **group.setting(),
        "outlier_kind": group.outlier_kind,
        "largest_share": group.shares[-1],
        "outlier_fraction": group.shares[0],
        "diverged": group.count("diverged"),
        "failed": group.count("failed"),
        "reference": group.losses[0],
    }


def undefined_for_reference(columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return columns of the other losses, with an undefined cell for the reference in front."""
    return {name: [np.nan, *values] for name, values in columns.items()}


def metric_columns(group: ComparisonGroup) -> dict[str, Any]:
    """Return every score of the task at the last epoch, and the primary one at the best validation epoch."""
    names = {metric.name: metric.name for metric in metrics_of(group.task)}
    columns: dict[str, Any] = {}
    for name, column in (names | {"at_best": at_best(group.score)}).items():
        columns |= spread_and_count(name, mean_interval(group, column))
    return columns


def spread_and_count(name: str, interval: Interval) -> dict[str, Any]:
    """Return an interval as three columns, and the number of values in a fourth."""
    return spread(name, interval) | {f"{name}_n": interval.n}


def median_columns(name: str, times: np.ndarray, reached: np.ndarray, horizon: float) -> dict[str, Any]:
    """Return the median time of each loss as three columns.

    Args:
        name: the event.
        times: (losses, seeds) of the event; any value where it did not happen.
        reached: (losses, seeds) whether it happened; NaN where there was nothing to reach.
        horizon: the last epoch, or the largest share.
    """
    defined = ~np.isnan(reached)
    found = [median_time(t[d], r[d] > 0, horizon) for t, r, d in zip(times, reached, defined, strict=True)]
    return dict(zip(three(f"{name}_median"), map(list, zip(*found, strict=True)), strict=True))


def speed_columns(group: ComparisonGroup, margins: Mapping[str, float]) -> dict[str, Any]:
    """Return when the target and the plateau were reached, and how much sooner or later than by the reference.

    Seeds that never reached the target are censored at the last epoch: the mean is restricted to the run's length,
    and the median is infinite where fewer than half reached it. A seed without a plateau has diverged; it counts
    as never reaching one, and is left out of the mean. Epochs count from 1, so that no interval of a mean begins
    before the first or ends after the last.
    """
    horizon, ratio = float(group.trials.epochs.iloc[0]), group.test_to_train
    times, reached = group.clean("epochs_to_target"), group.clean("converged")
    restricted = restricted_times(times, reached, horizon)
    others = speed_difference_columns(restricted, group.whole(), ratio, margins.get("epochs_to_target"))
    plateau = group.clean("epochs_to_plateau")
    has_plateau = np.where(group.trained(), ~np.isnan(plateau), np.nan)
    return {
        **spread("epochs_to_target", corrected_interval(restricted, ratio).within(1.0, horizon)),
        **median_columns("epochs_to_target", times, reached, horizon),
        "reached": share_reached(times, reached, horizon),
        "targets": np.count_nonzero(~np.isnan(reached), axis=1),
        **undefined_for_reference(others),
        **spread_and_count("epochs_to_plateau", corrected_interval(plateau, ratio).within(1.0, horizon)),
        **median_columns("epochs_to_plateau", plateau, has_plateau, horizon),
    }


def speed_difference_columns(
    times: np.ndarray, whole: np.ndarray, test_to_train: float, margin: float | None
) -> dict[str, Any]:
    """Return how much sooner or later than the reference the other losses reach the target.

    Args:
        times: (losses, seeds) restricted times, the reference first.
        whole: (losses,) whether all trainings ended well; a diverged one may have reached the target before.
        test_to_train: see `lossbench.stats.paired.shared_rows`.
        margin: how many epochs are too few to matter.
    """
    found = over_seeds(times[1:] - times[0], test_to_train).at()
    adjusted, interval = holm(found.p_value()), found.interval()
    same: Numbers = holm(found.p_equivalent(margin)) if margin else np.nan
    words = fair(speed_verdict(interval, adjusted, same), whole[:1], whole[1:])
    return {
        **spread("epochs_to_target_difference", interval),
        "epochs_to_target_p_holm": adjusted,
        "epochs_to_target_verdict": words.tolist(),
    }


def robustness_columns(group: ComparisonGroup) -> dict[str, Any]:
    """Return the robustness over the contaminated shares: area, slope at zero, and median breakdown."""
    skills = group.skills()
    found = robustness(group.shares, skills.reshape(-1, len(group.shares)))
    area, slope, breakdown = (values.reshape(skills.shape[:2]) for values in vars(found).values())
    usable = ~np.isnan(area)
    broken = np.where(usable, ~np.isnan(breakdown), np.nan)
    n = np.count_nonzero(usable, axis=1)
    return {
        **spread_and_count("robustness", corrected_interval(area, group.test_to_train)),
        **spread("slope", corrected_interval(slope, group.test_to_train)),
        **median_columns("breakdown", breakdown, broken, float(group.shares[-1])),
        "broke_down": np.where(broken > 0, 1.0, 0.0).sum(axis=1) / np.where(n > 0, n, np.nan),
    }
