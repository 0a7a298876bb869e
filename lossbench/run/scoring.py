"""Turn the trace of a pack into rows of `trials.csv`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from lossbench.data.fold import Fold
from lossbench.errors import ScoreFailed
from lossbench.metrics import oddness
from lossbench.metrics.baseline import Baselines, baselines
from lossbench.metrics.convergence import epochs_to_plateau, epochs_to_target
from lossbench.metrics.prediction import Prediction, as_probability, own_threshold, predict
from lossbench.metrics.score import Asked
from lossbench.metrics.scores import function_of, metrics_on
from lossbench.metrics.threshold import choose_by_label, choose_thresholds
from lossbench.run.provenance import hashes
from lossbench.schema import (
    AT_LINK,
    COLUMNS,
    CUTS,
    DTYPES,
    METRICS,
    ON_REQUEST,
    TRIAL,
    USUAL,
    Metric,
    at_best,
    at_link,
    by_label,
    own_columns,
)
from lossbench.spec import title
from lossbench.task import VALUED
from lossbench.training.pack import Pack
from lossbench.training.targets import into_units, predicted_by
from lossbench.training.trace import Trace, inputs_of, members_by_link, targets_of


def rows_of(pack: Pack, trace: Trace, fingerprint: str) -> pd.DataFrame:
    """Return one row per trial: its settings, its status, its test scores, its convergence and its hashes.

    An undefined score is empty. So is `epochs_to_target` where the target was not reached; `converged` is then
    False. Where the target itself is undefined, because a linear model is no better than a constant, both are
    empty.

    Args:
        pack: the trials.
        trace: what was recorded in their training.
        fingerprint: the fingerprint of the training, see `lossbench.run.provenance`.
    """
    found = {seed: baselines(fold, pack.metric) for seed, fold in pack.folds.items()}
    return typed(_columns(pack, trace, fingerprint, found))


def _columns(pack: Pack, trace: Trace, fingerprint: str, found: Mapping[int, Baselines]) -> dict[str, Any]:
    """Return the columns of `rows_of`, given the baselines of each seed."""
    marks = [found[trial.seed] for trial in pack.trials]
    cuts = thresholds(pack, trace)
    last, best = kept(pack, trace.last), kept(pack, trace.best)
    columns: dict[str, Any] = {
        **{name: [getattr(trial, name) for trial in pack.trials] for name in TRIAL},
        "loss": [title(trial.loss) for trial in pack.trials],
        "status": np.where(trace.diverged > 0, "diverged", "ok").tolist(),
        **scores_on_test(pack, last, cuts.last),
        **{at_best(name): values for name, values in scores_on_test(pack, best, cuts.best).items()},
        **convergence(trace, marks),
        **hashes(pack, fingerprint),
        "score": [pack.metric.name] * len(pack.trials),
        "constant_score": [mark.constant_test for mark in marks],
        "target_score": [mark.target for mark in marks],
        "validation_score": trace.curve[:, -1] if cuts.score is None else cuts.score,
        "best_epoch": [epoch or None for epoch in trace.best_epoch.tolist()],
        "diverged_epoch": [epoch or None for epoch in trace.diverged.tolist()],
        "sampling": [pack.dataset.sampling] * len(pack.trials),
        "train_rows": [len(part.rows) for part in pack.training],
        "test_rows": [len(pack.folds[trial.seed].test.rows) for trial in pack.trials],
        "failure": [None] * len(pack.trials),
        **fits(trace),
        **of_own(pack, marks),
        **ended(pack, trace),
    }
    asked = at_cuts(cuts) if pack.dataset.task == "anomaly" else at_thresholds(pack, trace, cuts)
    absent = [None] * len(pack.trials)
    return dict.fromkeys(ON_REQUEST, absent) | columns | asked


def of_own(pack: Pack, marks: Sequence[Baselines]) -> dict[str, Any]:
    """Return the columns of a user's primary score: the hash of its code, and its best possible value."""
    if not isinstance(pack.metric, Asked):
        return {}
    return {
        "score_hash": [pack.metric.code] * len(marks),
        "perfect_score": [mark.perfect_test for mark in marks],
    }


def ended(pack: Pack, trace: Trace) -> dict[str, list[int | None]]:
    """Return the column of epochs trained, where training may stop early; None for a trial that diverged."""
    if trace.trained is None or np.isinf(pack.patience).all():
        return {}
    told = np.isfinite(pack.patience) & (trace.diverged == 0)
    return {"epochs_trained": [int(n) if told[i] else None for i, n in enumerate(trace.trained)]}


def failed_rows(pack: Pack, reasons: Sequence[str], fingerprint: str) -> pd.DataFrame:
    """Return rows for trials that could not be trained or scored: their settings and why they failed, no scores.

    Args:
        pack: the trials.
        reasons: why each trial failed.
        fingerprint: the fingerprint that their training would have had.
    """
    trials, test = len(pack.trials), len(next(iter(pack.folds.values())).test.rows)
    nothing = np.full((trials, test, pack.shown), np.nan)
    curves, fit = np.full((trials, pack.epochs), np.nan), np.full((trials, 2), np.nan)
    trace = Trace(curves, nothing, nothing, np.ones(trials, dtype=int), fit, fit)
    unknown = [None] * trials
    said = {"status": ["failed"] * trials, "failure": reasons, "diverged_epoch": unknown, "converged": unknown}
    known = {seed: known_baselines(fold, pack.metric) for seed, fold in pack.folds.items()}
    return typed(_columns(pack, trace, fingerprint, known) | said)


def known_baselines(fold: Fold, metric: Metric) -> Baselines:
    """Return the baselines of a fold; undefined where a user's metric raises for them."""
    try:
        return baselines(fold, metric)
    except ScoreFailed:
        return Baselines(*[np.nan] * len(fields(Baselines)))


def disowned(rows: pd.DataFrame, reasons: Sequence[str]) -> pd.DataFrame:
    """Return rows in which every trial with a reason counts as failed: its scores are lost.

    Args:
        rows: rows, as `frame_of` returns them.
        reasons: why each trial failed after all; empty where it did not.
    """
    gone = np.array([bool(reason) for reason in reasons], dtype=bool)
    if not gone.any():
        return rows
    kept = ("constant_score", "target_score", "failure", "score_hash", "perfect_score")
    lost = {name: rows[name].mask(gone) for name in (*DTYPES, *own_columns(rows)) if name not in kept}
    said = pd.Series(list(reasons), rows.index, dtype=DTYPES["failure"])
    return rows.assign(**lost, status=rows.status.mask(gone, "failed"), failure=rows.failure.mask(gone, said))


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return stored rows as a data frame.

    Rows that an older lossbench stored lack newer columns; these get their usual value, or are undefined.
    """
    names = (*COLUMNS, *own_columns(dict.fromkeys(chain.from_iterable(rows))))
    usual = ((name, USUAL.get(name)) for name in names)  # looked up once per column, not per cell
    return typed({name: [row.get(name, text) for row in rows] for name, text in usual})


def typed(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return columns as a typed data frame in the order of the schema; those of a user's metric come last.

    Args:
        columns: (rows,) each; an undefined value is None or NaN.
    """
    # Casting the columns of a finished frame takes several times as long as all the rest.
    types = DTYPES | dict.fromkeys(own_columns(columns), "float64")
    names = (*COLUMNS, *own_columns(columns))
    return pd.DataFrame(
        {name: _cast(columns[name], types[name]) if name in types else columns[name] for name in names}
    )


def _cast(values: Any, dtype: str) -> Any:
    return np.asarray(values, dtype=np.float64) if dtype == "float64" else pd.array(values, dtype=dtype)


def plain_rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of such a frame as they are stored: plain values, None where undefined."""
    names = frame.columns.tolist()  # once: iterating over a pandas index takes longer than all the rest
    for row in frame.to_numpy(object, na_value=None).tolist():  # type: ignore[arg-type]  # None is allowed
        yield dict(zip(names, row, strict=True))


def scores_on_test(pack: Pack, raw: np.ndarray, cuts: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return every metric on the test part, in original units, (trials,) each; NaN for metrics of other tasks.

    A user's metric comes last.

    Args:
        pack: the trials.
        raw: (trials, rows, outputs) raw outputs for the test rows of each trial, as `kept` returns them.
        cuts: the class thresholds, see `Cuts`; None for the links' own thresholds.
    """
    mine = metrics_on(pack.dataset)
    scores = {name: np.full(len(raw), np.nan) for name in (*METRICS, *(metric.name for metric in mine))}
    for members, target, prediction in predictions(pack, raw, cuts):
        for metric in mine:
            scores[metric.name][members] = function_of(metric)(target, prediction)
    return scores


def kept(pack: Pack, raw: np.ndarray, part: Literal["validation", "test"] = "test") -> np.ndarray:
    """Reduce raw outputs (trials, rows, outputs) to what is stored and what all scores are computed from.

    For anomaly detection these are the anomaly scores (trials, rows, scores) of the reconstructed rows, a
    twentieth of the size; for other tasks the raw outputs themselves. Anomaly scores are rounded to float32, as
    they are stored, so that a row stays on the same side of a threshold.
    """
    if pack.dataset.task != "anomaly":
        return raw
    found = np.empty((*raw.shape[:2], oddness.WIDTH), dtype=np.float32)
    folds = [pack.folds[trial.seed] for trial in pack.trials]
    for link, members in members_by_link(pack.losses).items():
        mine = [folds[one] for one in members]
        inputs = inputs_of(mine, [getattr(fold, part) for fold in mine])
        found[members] = inputs.oddness(raw[members], link)
    return found


def predictions(
    pack: Pack,
    raw: np.ndarray,
    cuts: np.ndarray | None = None,
    part: Literal["validation", "test"] = "test",
) -> Iterator[tuple[np.ndarray, np.ndarray, Prediction]]:
    """Yield the trials of each link, the targets of their rows, and their predictions, in original units.

    Args:
        pack: the trials.
        raw: (trials, rows, outputs) raw outputs for the rows of each trial, as `kept` returns them.
        cuts: the class thresholds, see `Cuts`; None for the links' own thresholds.
        part: the part that the rows belong to.
    """
    folds = [pack.folds[trial.seed] for trial in pack.trials]
    targets = targets_of(pack.dataset, [fold.dataset.target[getattr(fold, part).rows] for fold in folds])
    if pack.dataset.task in VALUED:
        targets = targets.reshape(*targets.shape[:2], -1)
    for link, members in members_by_link(pack.losses).items():
        predicted = predicted_by(pack, members, raw[members])
        if pack.dataset.task in VALUED:
            predicted = into_units(pack, members, predicted)
        prediction = predict(pack.dataset.in_images(predicted), link, pack.dataset.task, pack.dataset.modes)
        yield members, targets[members], prediction if cuts is None else prediction.at(cuts[members])


class Cuts(NamedTuple):
    """The class thresholds of a pack, (trials,) each, in units of the ranking; None for the links' own thresholds.

    Those of anomalies are (trials, scores), those of labels (trials, labels).

    Args:
        last: thresholds at the last epoch.
        best: thresholds at the epoch of the best validation score.
        score: the primary score on validation at the last epoch, decided at the thresholds `last`.
    """

    last: np.ndarray | None = None
    best: np.ndarray | None = None
    score: np.ndarray | None = None


def thresholds(pack: Pack, trace: Trace) -> Cuts:
    """Choose the class threshold of each trial on its validation rows, if the run asks for that.

    The thresholds of anomalies are always chosen.
    """
    if trace.validation is None:
        return Cuts()
    if pack.dataset.alarms is not None:
        held = (kept(pack, trace.validation[:, which], "validation")[..., :-1] for which in (0, 1))
        return Cuts(*(oddness.cuts(pack.dataset.alarms, scores) for scores in held))
    several = pack.dataset.task == "multilabel"
    last, best = np.full((2, len(pack.trials), *[pack.dataset.targets] * several), np.nan)
    score, choose = np.full(len(pack.trials), np.nan), choose_by_label if several else choose_thresholds
    for cuts, raw in ((last, trace.validation[:, 0]), (best, trace.validation[:, 1])):
        for members, target, prediction in predictions(pack, raw, part="validation"):
            own = own_threshold(prediction.link, prediction.task)
            cuts[members] = choose(pack.setup.threshold, target, prediction.ranking, own)
    for members, target, prediction in predictions(pack, trace.validation[:, 0], last, part="validation"):
        score[members] = function_of(pack.metric)(target, prediction)
    for cuts, raw in ((last, trace.last), (best, trace.best)):
        cuts[np.isnan(raw).any(axis=(1, 2))] = np.nan  # the trial diverged, or has no best epoch
    return Cuts(last, best, score)


def at_thresholds(pack: Pack, trace: Trace, cuts: Cuts) -> dict[str, Any]:
    """Return the columns of class thresholds: the chosen ones, and the scores at the links' own thresholds."""
    if cuts.last is None or cuts.best is None:
        return {}
    own = scores_on_test(pack, trace.last)
    best = {at_best(name): values for name, values in told(pack, cuts.best).items()}
    return {
        "threshold_by": [pack.setup.threshold] * len(pack.trials),
        **told(pack, cuts.last),
        **best,
        **{at_link(name): own[name] for name in (*AT_LINK, *decided_own(pack))},
    }


def told(pack: Pack, cuts: np.ndarray) -> dict[str, Any]:
    """Return the columns of thresholds at one epoch: one number, or a text with a number for each label."""
    found = {"threshold": cuts, "threshold_probability": probabilities(pack, cuts)}
    if cuts.ndim == 1:
        return found
    gone = np.isnan(cuts).any(axis=1)
    return {
        by_label(name): [
            None if lost else json.dumps(row) for row, lost in zip(values.tolist(), gone, strict=True)
        ]
        for name, values in found.items()
    }


def decided_own(pack: Pack) -> list[str]:
    """Return the name of a user's metric that looks at decisions, which depend on the class threshold."""
    own = (metric for metric in metrics_on(pack.dataset) if isinstance(metric, Asked))
    return [metric.name for metric in own if metric.needs == "decision"]


def at_cuts(cuts: Cuts) -> dict[str, np.ndarray]:
    """Return the thresholds of anomalies at the last epoch, by their columns."""
    return {} if cuts.last is None else dict(zip(CUTS, cuts.last.T, strict=True))


def probabilities(pack: Pack, cuts: np.ndarray) -> np.ndarray:
    """Return class thresholds, (trials, ...), as probabilities."""
    found = np.empty(cuts.shape)
    for link, members in members_by_link(pack.losses).items():
        found[members] = as_probability(cuts[members], link, pack.dataset.task)
    return found


def convergence(trace: Trace, marks: list[Baselines]) -> dict[str, list[Any]]:
    """Return when each trial reached its target and its plateau, and whether it reached the target at all."""
    targets = np.array([mark.target for mark in marks])
    merit = trace.sign * trace.curve
    reached = epochs_to_target(merit, trace.sign * targets)
    plateau = epochs_to_plateau(merit, np.array([mark.tolerance for mark in marks]))
    converged = [
        None if np.isnan(target) else not np.isnan(epoch) for target, epoch in zip(targets, reached, strict=True)
    ]
    return {
        "epochs_to_target": [_whole(epoch) for epoch in reached],
        "epochs_to_plateau": [_whole(epoch) for epoch in plateau],
        "converged": converged,
    }


def fits(trace: Trace) -> dict[str, np.ndarray]:
    """Return the loss and the score of each trial on its training rows, at the last and at the best epoch."""
    (loss, loss_at_best), (score, score_at_best) = trace.train_loss.T, trace.train_score.T
    last, best = {"train_loss": loss, "train_score": score}, (loss_at_best, score_at_best)
    return last | dict(zip(map(at_best, last), best, strict=True))


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)
