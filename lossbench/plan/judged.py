"""The score that each data set is judged by: the one that the user names, where its task has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName
from lossbench.losses import Loss
from lossbench.metrics.cost import cost_score, costs_of, is_cost
from lossbench.metrics.own.named import names_own
from lossbench.metrics.own.tried import own_score
from lossbench.metrics.score import Asked
from lossbench.metrics.scores import metrics_of, primary_metric, primary_score, undefined_rows
from lossbench.plan.keys import LINK
from lossbench.schema import METRICS, THRESHOLDS_OF, Metric
from lossbench.spoken import option
from lossbench.task import Task

ROWS_NAMED = 5  # rows that a message lists; the others are only counted


def judged(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """Return a data set that is judged by the first of these scores that its task has.

    Args:
        dataset: the data set as it was loaded.
        names: scores, costs, or a user's functions, by priority; where there are none, the data set keeps its own.

    Raises:
        BadValue: its task has none of them, or it has no modes for `mode_coverage`.
        UsageError: a function is no metric, or costs do not fit.

    Example:
        >>> from lossbench.data import load_dataset
        >>> primary_score(judged(load_dataset("iris"), ["mape", "log_loss"]))
        'log_loss'
    """
    known = [metric.name for metric in metrics_of(dataset.task)]
    name = next((name for name in names if name in known or is_custom(name)), None)
    if name is None and names:
        raise BadValue(
            f"data set '{dataset.name}' is {dataset.task}, a task without the score {' or '.join(names)}; add one "
            f"of {', '.join(known)} to {option('score')}, or leave the data set out"
        )
    if name == "mode_coverage" and dataset.modes is None:
        raise BadValue(
            f"data set '{dataset.name}' has no modes, so mode_coverage is undefined; name another "
            f"{option('score')}, or leave the data set out"
        )
    return (
        dataset if name in (None, primary_score(dataset)) else replace(dataset, judged=metric_named(name, dataset))
    )


def is_custom(name: str) -> bool:
    """Say whether a score is defined by the run: the cost, or a user's function."""
    return is_cost(name) or names_own(name)


def metric_named(name: str, dataset: Dataset) -> Metric:
    """Return the metric of a name."""
    if is_cost(name):
        return cost_score(costs_of(name), dataset)
    return own_score(name, dataset) if names_own(name) else METRICS[name]


def refuse_unknown_scores(names: Iterable[str], tasks: Iterable[Task]) -> None:
    """Refuse a score that no data set of the run has.

    Raises:
        UnknownName: there is no such score; the nearest name is offered.
    """
    served = list(dict.fromkeys(tasks))
    known = dict.fromkeys(metric.name for task in served for metric in metrics_of(task))
    for name in names:
        if name not in known and not is_custom(name):
            raise UnknownName(f"{' or '.join(served)} score", name, known)


def refuse_undefined(dataset: Dataset, seeds: Iterable[int]) -> None:
    """Refuse a score that the user names where it is undefined for some targets, whatever is predicted.

    Raises:
        BadValue: it is undefined; the rows and their target are named.
    """
    if dataset.judged is None or isinstance(dataset.judged, Asked):
        return
    for seed in [0] if dataset.sampling == "resplit" else seeds:
        table = dataset.sample(seed)
        rows = undefined_rows(dataset.judged.name, table)
        if len(rows):
            where, target = rows_named(dataset, seed, rows), table.target[rows[0]].ravel().tolist()
            raise BadValue(
                f"data set '{dataset.name}' cannot be judged by {dataset.judged.name}, which is undefined in "
                f"{where}, where the target is {', '.join(f'{one:g}' for one in target)}; name another "
                f"{option('score')}"
            )


def refuse_unused_threshold(threshold: str, datasets: Iterable[Dataset]) -> None:
    """Refuse to choose class thresholds where no data set of the run has a task with them.

    Raises:
        BadValue: no data set has; the tasks that have thresholds are named.
    """
    able = [task for task, scores in THRESHOLDS_OF.items() if threshold in scores]
    if threshold != LINK and all(dataset.task not in able for dataset in datasets):
        raise BadValue(
            f"a class threshold is chosen for two classes ({option('threshold', threshold)}), and no data set of "
            f"this run is {' or '.join(able)}; add one, choose by another score, or leave that out"
        )


def check_judge(loss: Loss, dataset: Dataset) -> None:
    """Refuse a loss for which the score that a data set is judged by is never defined.

    Raises:
        LossDoesNotFit: the score needs a probability, and the loss estimates none.
    """
    score = primary_metric(dataset)
    if score.needs == "probability" and loss.link == "margin":
        raise LossDoesNotFit(
            f"loss '{loss.spec}' estimates no probability, so it has no {score.name}, by which "
            f"'{dataset.name}' is judged: leave it out, or name another {option('score')}"
        )


def rows_named(dataset: Dataset, seed: int, rows: np.ndarray) -> str:
    """List a few rows of the table of a seed, given their numbers from 0, and count the others."""
    named = ", ".join(str(row + 1) for row in rows[:ROWS_NAMED])
    more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    drawn = f" of what seed {seed} draws" if dataset.sampling == "redrawn" else ""
    return f"row {named}{more}{drawn} (counted from 1)"


def refuse_unused_margins(margins: Mapping[str, float], datasets: Iterable[Dataset]) -> None:
    """Refuse a margin that the user declares and that no verdict of this run would use.

    Raises:
        BadValue: it is not used; the scores that are judged are named.
    """
    known = [*dict.fromkeys(map(primary_score, datasets)), "epochs_to_target"]
    for name in margins:
        if name not in known:
            raise BadValue(
                f"margins.{name}: no data set of this run is judged by {name}, so its margin changes nothing; "
                f"add it to {option('score')}, or give the margin of what is judged: {', '.join(known)}"
            )
