"""From the table of trials to what it says: one row a loss, one row a pair of losses, one curve a loss.

Everything is paired by seed within a setting: a data set, a model, an optimiser, a rate, penalties. Nothing here
knows how a trial was trained; `trials.csv` is all it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from lossbench.measures.robustness import robustness, skill
from lossbench.measures.scores import MEASURES, measures_of
from lossbench.stats.paired import (
    LEVEL,
    MARGINS,
    Interval,
    PairedTest,
    corrected_interval,
    holm,
    indistinguishable_from_best,
    paired_test,
    verdict,
)
from lossbench.stats.survival import Median, median_time, restricted_mean, share_reached
from lossbench.stats.tuning import at_own_rate

View = Literal["fixed", "tuned"]
SETTING = ("model", "optimizer", "lr", "l1", "l2", "batch_size", "epochs")


@dataclass(frozen=True)
class Arena:
    """The trials of one data set under one setting: what is compared with each other.

    Args:
        view: "fixed", one rate for all, or "tuned", each loss at its own.
        trials: all of them, dirty ones too.
        clean: those at the smallest contaminated share; scores and verdicts are of these.
        losses: in the order of the trials; the first is the reference.
        seeds: ascending.
        score: the primary score.
        test_to_train: rows of the test part by rows of the training part.
    """

    view: View
    trials: pd.DataFrame
    clean: pd.DataFrame
    losses: list[str]
    seeds: list[int]
    score: str
    test_to_train: float

    def by_seed(self, loss: str, column: str) -> np.ndarray:
        """Return one column of a loss's clean trials, a value for each seed, NaN where there is none."""
        mine = (self.clean.loss == loss).to_numpy()
        values = self.clean[column].to_numpy(dtype=np.float64, na_value=np.nan)[mine]
        return pd.Series(values, index=self.clean.seed.to_numpy()[mine]).reindex(self.seeds).to_numpy()

    def interval(self, values: np.ndarray) -> Interval:
        """Return the mean over seeds and its interval."""
        return corrected_interval(values, self.test_to_train)

    def test(self, loss: str, other: str) -> PairedTest:
        """Test the primary score of one loss against another's, paired by seed."""
        return paired_test(self.by_seed(loss, self.score) - self.by_seed(other, self.score), self.test_to_train)


def arenas(trials: pd.DataFrame, tuning: pd.DataFrame | None = None) -> Iterator[Arena]:
    """Yield what is compared with each other: at each rate, and where rates were tuned, each loss at its own."""
    yield from _arenas(trials, "fixed", ["dataset", *SETTING])
    if tuning is not None:
        keys = [name for name in ("dataset", *SETTING) if name != "lr"]
        yield from _arenas(at_own_rate(trials, tuning), "tuned", keys)


def _arenas(trials: pd.DataFrame, view: View, keys: list[str]) -> Iterator[Arena]:
    for _, group in trials.groupby(keys, sort=False):
        clean = group[group.outlier_fraction == group.outlier_fraction.min()]
        yield Arena(
            view=view,
            trials=group,
            clean=clean,
            losses=list(dict.fromkeys(group.loss)),
            seeds=sorted(set(group.seed)),
            score=group.score.iloc[0],
            test_to_train=group.test_rows.iloc[0] / group.train_rows.iloc[0],
        )


def summarise(trials: pd.DataFrame, tuning: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row for each data set, setting and loss, and where rates were tuned, for each loss at its own.

    Means have intervals over seeds (`_low`, `_high`). The verdict is of the primary score against the first loss,
    corrected by Holm over the losses of the table. Scores are of the clean test part after training on the
    smallest contaminated share; `robustness`, `slope` and `breakdown` are over all shares.
    """
    rows = [row for arena in arenas(trials, tuning) for row in summary_rows(arena)]
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def _three(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{end}" for name in names for end in ("", "_low", "_high"))


SUMMARY_COLUMNS = (
    *("dataset", "task", "loss", "view", *SETTING),
    *("outlier_kind", "largest_share", "outlier_fraction", "score", "n", "diverged"),
    *("mean", "low", "high"),
    *("reference", *_three("difference"), "p_holm", "effect_size", "verdict", "tied_with_best"),
    *_three(*MEASURES, "at_best", "epochs_to_target", "epochs_to_target_median"),
    *("reached", "targets"),
    *_three("epochs_to_plateau", "epochs_to_plateau_median", "robustness"),
    "robustness_n",
    *_three("slope", "breakdown_median"),
    "broke_down",
)


def summary_rows(arena: Arena) -> Iterator[dict[str, Any]]:
    """Yield the rows of one arena."""
    reference, *others = arena.losses
    tests = {loss: arena.test(loss, reference) for loss in others}
    adjusted = dict(zip(others, holm(np.array([test.p_value for test in tests.values()])), strict=True))
    scores = np.stack([arena.by_seed(loss, arena.score) for loss in arena.losses])
    greater = MEASURES[arena.score].greater_is_better
    # A loss that diverged for some seeds is not judged by those that are left.
    gone = [(arena.clean[arena.clean.loss == loss].status == "diverged").any() for loss in arena.losses]
    judged = np.where(np.array(gone)[:, None], np.nan, scores)
    tied = indistinguishable_from_best(judged, greater, arena.test_to_train)
    for index, loss in enumerate(arena.losses):
        yield {
            **head(arena, loss),
            **spread("mean", arena.interval(scores[index]), bare=True),
            "reference": reference,
            **(against(arena, tests[loss], adjusted[loss]) if loss != reference else {}),
            "tied_with_best": bool(tied[index]),
            **measures(arena, loss),
            **speed(arena, loss),
            **endurance(arena, loss),
        }


def head(arena: Arena, loss: str) -> dict[str, Any]:
    """Return what a row is about."""
    first = arena.clean.iloc[0]
    kinds = [kind for kind in arena.trials.outlier_kind.unique() if kind != "none"]
    mine = arena.clean[arena.clean.loss == loss]
    return {
        "dataset": first.dataset,
        "task": first.task,
        "loss": loss,
        "view": arena.view,
        **{name: mine[name].iloc[0] for name in SETTING},
        "outlier_kind": kinds[0] if kinds else "none",
        "largest_share": arena.trials.outlier_fraction.max(),
        "outlier_fraction": first.outlier_fraction,
        "score": arena.score,
        "n": int((mine.status == "ok").sum()),
        "diverged": int((mine.status == "diverged").sum()),
    }


def spread(name: str, interval: Interval, bare: bool = False) -> dict[str, float]:
    """Return an interval as three columns."""
    prefix = "" if bare else f"{name}_"
    return {name: interval.mean, f"{prefix}low": interval.low, f"{prefix}high": interval.high}


def middle(name: str, median: Median) -> dict[str, float]:
    """Return a median as three columns."""
    return {
        f"{name}_median": median.value,
        f"{name}_median_low": median.low,
        f"{name}_median_high": median.high,
    }


def against(arena: Arena, test: PairedTest, adjusted_p: float) -> dict[str, Any]:
    """Return a paired difference and its verdict as columns."""
    greater = MEASURES[arena.score].greater_is_better
    return {
        **spread("difference", test.interval),
        "p_holm": adjusted_p,
        "effect_size": test.effect_size,
        "verdict": verdict(test, adjusted_p, MARGINS.get(arena.score), greater),
    }


def measures(arena: Arena, loss: str) -> dict[str, float]:
    """Return every score of the task at the last epoch, and the primary one at the best validation epoch."""
    columns: dict[str, float] = {}
    for measure in measures_of(arena.clean.task.iloc[0]):
        columns |= spread(measure.name, arena.interval(arena.by_seed(loss, measure.name)))
    return columns | spread("at_best", arena.interval(arena.by_seed(loss, f"{arena.score}_at_best")))


def speed(arena: Arena, loss: str) -> dict[str, float]:
    """Return when the target and the plateau were reached.

    Seeds that never reached the target are censored at the last epoch: the mean is restricted to the run's length,
    and the median is infinite where fewer than half got there. A seed without a plateau has diverged.
    """
    reached = arena.by_seed(loss, "converged")
    defined, horizon = ~np.isnan(reached), float(arena.clean.epochs.iloc[0])
    times, reached = arena.by_seed(loss, "epochs_to_target")[defined], reached[defined] > 0
    plateau = arena.by_seed(loss, "epochs_to_plateau")
    return {
        **spread("epochs_to_target", restricted_mean(times, reached, horizon, arena.test_to_train)),
        **middle("epochs_to_target", median_time(times, reached, horizon)),
        "reached": share_reached(times, reached, horizon),
        "targets": int(defined.sum()),
        **spread("epochs_to_plateau", arena.interval(plateau)),
        **middle("epochs_to_plateau", median_time(plateau, ~np.isnan(plateau), horizon)),
    }


def endurance(arena: Arena, loss: str) -> dict[str, float]:
    """Return the robustness over the contaminated shares: area, slope at zero, and median breakdown."""
    mine = arena.trials[arena.trials.loss == loss]
    scores, constants = (mine[name].to_numpy(dtype=np.float64) for name in (arena.score, "constant_score"))
    values = mine.assign(skill=skill(scores, constants, MEASURES[arena.score].best))
    table = values.pivot_table(index="seed", columns="outlier_fraction", values="skill", dropna=False)
    shares = table.columns.to_numpy(dtype=np.float64)
    found = robustness(shares, table.to_numpy(dtype=np.float64))
    usable = ~np.isnan(found.area)
    broken = found.breakdown[usable]
    return {
        **spread("robustness", arena.interval(found.area)),
        "robustness_n": int(usable.sum()),
        **spread("slope", arena.interval(found.slope)),
        **middle("breakdown", median_time(broken, ~np.isnan(broken), shares.max())),
        "broke_down": float((~np.isnan(broken)).mean()) if usable.any() else np.nan,
    }


def compare_pairs(trials: pd.DataFrame, tuning: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row for each pair of losses of a data set and setting: their paired difference and its test.

    A difference is the second loss minus the first. The p values are corrected by Holm over the arena's pairs.
    """
    rows = [row for arena in arenas(trials, tuning) for row in pair_rows(arena)]
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


PAIR_COLUMNS = (
    *("dataset", "task", "view", *SETTING, "outlier_fraction", "score", "first", "second"),
    *("difference", "difference_low", "difference_high", "n", "p_value", "p_holm", "effect_size", "verdict"),
)


def pair_rows(arena: Arena) -> Iterator[dict[str, Any]]:
    """Yield the pairs of one arena."""
    pairs = list(combinations(arena.losses, 2))
    tests = [arena.test(second, first) for first, second in pairs]
    adjusted = holm(np.array([test.p_value for test in tests]))
    about = arena.clean.iloc[0]
    for (first, second), test, p_holm in zip(pairs, tests, adjusted, strict=True):
        yield {
            **{name: about[name] for name in ("dataset", "task", *SETTING, "outlier_fraction", "score")},
            "view": arena.view,
            "lr": about.lr if arena.view == "fixed" else np.nan,  # two rates do not fit a cell
            "first": first,
            "second": second,
            "n": test.interval.n,
            "p_value": test.p_value,
            **against(arena, test, p_holm),
        }


def average_curves(trials: pd.DataFrame, curves: Sequence[np.ndarray]) -> pd.DataFrame:
    """Return the validation curve of each loss under each contaminated share, averaged over seeds.

    Args:
        trials: one row a trial.
        curves: the curve of each row's trial, each of its own length.

    Returns:
        One row an epoch: mean over the seeds whose score is defined there, interval, and n.
    """
    keys = ["dataset", "task", "loss", *SETTING, "outlier_kind", "outlier_fraction", "score"]
    blocks = []
    for key, rows in trials.groupby(keys, sort=False):
        stacked = np.stack([curves[index] for index in rows.index])
        ratio = rows.test_rows.iloc[0] / rows.train_rows.iloc[0]
        blocks.append(pd.DataFrame(dict(zip(keys, key, strict=True)) | curve_columns(stacked, ratio)))
    return pd.concat(blocks, ignore_index=True)


def curve_columns(curves: np.ndarray, test_to_train: float) -> dict[str, np.ndarray]:
    """Return mean, corrected interval and n of curves (seeds, epochs) at each epoch; see `corrected_interval`."""
    from scipy.special import stdtrit

    defined = ~np.isnan(curves)
    n = defined.sum(axis=0)
    mean = np.where(defined, curves, 0).sum(axis=0) / np.where(n, n, np.nan)
    square = np.where(defined, curves - mean, 0) ** 2
    enough = np.where(n > 1, n, np.nan)
    error = np.sqrt((1 / enough + test_to_train) * square.sum(axis=0) / (enough - 1))
    half = stdtrit(enough - 1, (1 + LEVEL) / 2) * error
    epochs = np.arange(1, curves.shape[1] + 1)
    return {"epoch": epochs, "n": n, "mean": mean, "low": mean - half, "high": mean + half}
