"""Tables of text: of the summary, of thresholds and ranks; and how settings, seeds and cells are written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.grouped import grouped
from lossbench.metrics.scores import secondary_score
from lossbench.report.figures import NOT_DEFINED, Spread, column
from lossbench.report.table import Table
from lossbench.schema import MARGINS, METRICS, RANKED, SETTING, USUAL, three
from lossbench.stats.verdicts import BETTER, WORSE

if TYPE_CHECKING:
    from lossbench.stats.answer.facts import TableAnswer
    from lossbench.stats.findings import Findings

HEADINGS = {"r2": "R²", "f1": "F1", "mae": "MAE", "balanced_accuracy": "balanced acc."}

VERDICTS = {BETTER[0]: "+", BETTER[1]: "+=", WORSE[0]: "-", WORSE[1]: "-=", "equivalent": "=", "inconclusive": "~"}

BEST = "at best"
"""Heading of the score at the epoch that is best on validation."""

SHARE = "outlier_fraction"
CLEAN = pd.Series({SHARE: 0.0})
VALUE_ONLY = ("model", "optimizer", "schedule")  # settings shown by their value alone


def tables(summary: pd.DataFrame) -> Iterator[Table]:
    """Yield a table for each data set, view and setting, grouped by data set."""
    yield from map(make_table, table_groups(summary))


def table_groups(summary: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the rows of each table, the best mean first; for each data set, the tuned view comes first."""
    rate = summary.lr.where(summary["view"] == "fixed", 0)  # a tuned view is one table, with a rate for each row
    apart = [summary[name] for name in ("dataset", "view", *SETTING) if name != "lr"]
    # Row by row: on tables this small, pandas would take ten times as long.
    keys = list(zip(*(told.tolist() for told in (*apart, rate)), strict=True))
    places = grouped(range(len(keys)), keys.__getitem__)
    names, scores, means = [*dict.fromkeys(summary.dataset)], summary.score.tolist(), summary["mean"].to_numpy()
    for key in sorted(places, key=lambda key: (names.index(key[0]), key[1] != "tuned")):
        mine = np.array(places[key])
        best_first = np.argsort(-METRICS[scores[mine[0]]].sign * means[mine], kind="stable")  # NaN comes last
        yield summary.iloc[mine[best_first]]


def table_key(row: Mapping[Any, Any] | pd.Series[Any]) -> tuple[Any, ...]:
    """Return the key of the table of a row; the tuned view has no common rate, so its key has none."""
    names = [name for name in SETTING if name != "lr" or row["view"] == "fixed"]
    return tuple(row[name] for name in ("dataset", "view", *names))


def answer_key(answer: TableAnswer) -> tuple[Any, ...]:
    """Return the key of the table of an answer."""
    return table_key({"dataset": answer.dataset, "view": answer.view, **answer.setting})


def answered(findings: Findings) -> Iterator[tuple[pd.DataFrame, TableAnswer]]:
    """Yield the rows of each table with its answer, in the order of the report."""
    answers = {answer_key(one): one for one in findings.answers}
    for group in table_groups(findings.summary):
        yield group, answers[table_key(group.iloc[0])]


def make_table(group: pd.DataFrame) -> Table:
    """Lay out the losses of one data set under one setting."""
    first = group.iloc[0]
    second = secondary_score(first.task, first.score)
    columns: tuple[str, ...] = (
        "abc",
        "loss",
        "vs",
        heading(first.score),
        BEST,
        heading(second),
        "to target",
        "plateau",
        "robust",
        "n",
    )
    primary = column(map(Spread, group["mean"], group.low, group.high))
    at_best, robust = counted_cells(group, "at_best"), counted_cells(group, "robustness", digits=2)
    figures = zip(primary, at_best, counted_cells(group, second), robust, strict=True)
    rows = tuple(cells(row, *shown) for (_, row), shown in zip(group.iterrows(), figures, strict=True))
    best = tuple(index for index, row in enumerate(rows) if "a" in row[0])
    if len(best) == len(rows):  # if all losses share a letter, the column says nothing
        columns, rows = columns[1:], tuple(row[1:] for row in rows)
    drops = ("plateau", heading(second), "robust", "to target", BEST, "n")
    made = Table(title(first), columns, rows, best, drops=drops)
    return made if best_before_end(group) else made.without(BEST)


def best_before_end(group: pd.DataFrame) -> bool:
    """Say whether some loss scores better at the epoch that is best on validation than at the last one.

    A gain below the margin of the score, or below 1 % of the mean without a margin, does not count. Losing
    by that epoch is chance: few validation rows may choose an epoch that is no better on test rows.
    """
    score = group.score.iloc[0]
    lost = METRICS[score].sign * (group["at_best"] - group["mean"])
    return bool((lost > MARGINS.get(score, 0.01 * group["mean"].abs())).any())


def cells(row: pd.Series[Any], score: str, at_best: str, other: str, robustness: str) -> tuple[str, ...]:
    """Return the cells of one loss; figures whose format depends on all losses are passed in."""
    return (
        row.letters if isinstance(row.letters, str) else "",
        shown_loss(row),
        "ref" if row.loss == row.reference else VERDICTS[row.verdict],
        score,
        at_best,
        other,
        to_target(row),
        median(row, "epochs_to_plateau"),
        robustness,
        seed_count(row),
    )


def threshold_tables(views: pd.DataFrame | None) -> Iterator[Table]:
    """Yield, for each table with chosen class thresholds, both views of each loss side by side.

    Args:
        views: see `lossbench.stats.thresholds.threshold_views`; None if all thresholds are the links' own.
    """
    for group in table_groups(views) if views is not None else ():
        yield threshold_table(group)


def threshold_table(group: pd.DataFrame) -> Table:
    """Lay out the losses of one data set under one setting, at chosen class thresholds and at the links' own."""
    first = group.iloc[0]
    chosen, own = column(view_spreads(group)), column(view_spreads(group, "_at_link"))
    rows = tuple(
        (
            shown_loss(row),
            threshold(row),
            score,
            VERDICTS.get(row.verdict, "ref"),
            other,
            VERDICTS.get(row.verdict_at_link, "ref"),
            "" if pd.isna(row.agreement) else row.agreement,
        )
        for (_, row), score, other in zip(group.iterrows(), chosen, own, strict=True)
    )
    columns = ("loss", "threshold", heading(first.score), "vs", "at link's own", "vs there", "views")
    name = f"{title(first.combine_first(CLEAN))}, thresholds chosen by {first.threshold_by}"
    made = Table(name, columns, rows, texts=("loss", "views"), drops=("views", "threshold"))
    apart = (group.agreement == "disagree").any()
    return made if apart else replace(made.without("views"), drops=("threshold",))


def threshold(row: pd.Series[Any]) -> str:
    """Return the median class threshold with minimum and maximum: a probability, or else a raw output."""
    unit = "" if pd.notna(row.threshold_probability) else " raw"
    middle, least, most = (
        row[f"{'threshold' if unit else 'threshold_probability'}{end}"] for end in ("", "_least", "_most")
    )
    return NOT_DEFINED if pd.isna(middle) else f"{middle:.2f} [{least:.2f}, {most:.2f}]{unit}"


def view_spreads(group: pd.DataFrame, view: str = "") -> list[Spread]:
    """Return the means of a view with their intervals."""
    ends = (group[f"{name}{view}"] for name in ("mean", "low", "high"))
    return [Spread(*map(float, values)) for values in zip(*ends, strict=True)]


def spreads(group: pd.DataFrame, name: str) -> list[Spread]:
    """Return a column with its intervals."""
    return [Spread(*map(float, values)) for values in zip(*(group[end] for end in three(name)), strict=True)]


def counted_cells(group: pd.DataFrame, name: str, digits: int = 3) -> list[str]:
    """Return the cells of a figure beside the primary score, with its number of seeds where that differs."""
    written = column(spreads(group, name), digits)
    return [
        cell if cell == NOT_DEFINED or own == n else f"{cell} ({own})"
        for cell, own, n in zip(written, group[f"{name}_n"], group.n, strict=True)
    ]


def shown_loss(row: pd.Series[Any]) -> str:
    """Return the name of a loss, with its rate where each loss has its own."""
    return str(row.loss) if row["view"] == "fixed" else f"{row.loss} @{row.lr:g}"


def heading(score: str) -> str:
    """Return the heading of a score."""
    return HEADINGS.get(score, score)


def title(row: pd.Series[Any]) -> str:
    """Return the data set and everything that its losses share."""
    dirty = f", {100 * row.outlier_fraction:g} % {row.outlier_kind} contamination" if row.outlier_fraction else ""
    return f"{row.dataset} ({row.task}): {setting(row)}{dirty}"


def setting(row: pd.Series[Any]) -> str:
    """Return the setting that losses were trained under."""
    penalties = "".join(f", {name} {row[name]:g}" for name in ("l1", "l2") if row[name] > 0)
    rate = f" lr {row.lr:g}" if row["view"] == "fixed" else ", each loss at its own lr"
    optimizer = "own optimizers" if pd.isna(row.optimizer) else row.optimizer
    unusual = "".join(f", {name} {row[name]}" for name, usual in USUAL.items() if row[name] != usual)
    epochs = "1 epoch" if row.epochs == 1 else f"{row.epochs} epochs"
    return f"{row.model}, {optimizer}{rate}{unusual}{penalties}, batch {row.batch_size}, {epochs}"


def ranks_by_task(ranks: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the ranks of each task and setting that has several data sets and losses, the best first."""
    known = ranks[(ranks.data_sets > 1) & (ranks.losses > 1)]
    for _, rows in known.groupby(list(RANKED), sort=False, dropna=False):
        yield rows.sort_values("average_rank", na_position="last", kind="stable")


def rank_table(rows: pd.DataFrame) -> Table:
    """Lay out how the losses of one task did over its data sets.

    Args:
        rows: of one task and setting, from `ranks_by_task`.
    """
    first = rows.iloc[0]
    dirty = f", {100 * first.outlier_fraction:g} % contamination" if first.outlier_fraction else ""
    cells = zip(column(map(Spread, rows.average_rank), digits=1), column(spreads(rows, "skill")), strict=True)
    lines = tuple(
        (
            row.letters if isinstance(row.letters, str) else "",
            row.loss,
            "ref" if row.loss == row.reference else VERDICTS.get(row.verdict, ""),
            rank,
            skill,
            "" if pd.isna(row.runs) else str(row.runs),
        )
        for (_, row), (rank, skill) in zip(rows.iterrows(), cells, strict=True)
    )
    columns = ("abc", "loss", "vs", "mean rank", "skill", "runs")
    return Table(f"{first.task}, {first.data_sets} data sets: {setting(first)}{dirty}", columns, lines)


def seed_count(row: pd.Series[Any]) -> str:
    """Return how many seeds have a score, and out of how many if some have none."""
    total = row.n + row.undefined + row.diverged + row.failed
    return str(row.n) if row.n == total else f"{row.n}/{total}"


def to_target(row: pd.Series[Any]) -> str:
    """Return the median epochs to the target with its interval, and how many seeds reached it if not all did."""
    if pd.isna(row.reached):
        return NOT_DEFINED
    share = f" {round(row.reached * row.targets)}/{row.targets}" if row.reached < 1 else ""
    return f"{median(row, 'epochs_to_target')}{share}"


def median(row: pd.Series[Any], name: str) -> str:
    """Return a median number of epochs with its interval; ">100" if it is beyond the end of the run."""

    def epochs(value: float) -> str:
        return f">{row.epochs}" if math.isinf(value) else f"{value:g}"

    value, low, high = (row[f"{name}_median{end}"] for end in ("", "_low", "_high"))
    if pd.isna(value):
        return NOT_DEFINED
    return epochs(value) if pd.isna(low) else f"{epochs(value)} [{epochs(low)}, {epochs(high)}]"


def p_value(p: float) -> str:
    """Return a p value to two significant figures."""
    return NOT_DEFINED if math.isnan(p) else f"{p:.2g}"


def varying(places: Iterable[Mapping[Any, Any]]) -> tuple[str, ...]:
    """Return the settings that differ between places, in the order of the columns.

    Args:
        places: the values of `SETTING`, outlier_kind and outlier_fraction by name.
    """
    listed = list(places)
    return tuple(name for name in (*SETTING, SHARE) if len({place[name] for place in listed}) > 1)


def varying_by_dataset(places: Iterable[Mapping[Any, Any]]) -> dict[str, tuple[str, ...]]:
    """Return, by data set, the settings that differ between its places."""
    return {dataset: varying(mine) for dataset, mine in grouped(places, itemgetter("dataset")).items()}


def label(place: Mapping[Any, Any], names: Sequence[str]) -> str:
    """Return some settings of a place in words; empty if none is named.

    Example:
        >>> label({"model": "linear", "lr": 0.01, "l1": 0.0}, ("model", "lr"))
        'linear, lr 0.01'
    """
    return ", ".join(_piece(place, name) for name in names)


def _piece(place: Mapping[Any, Any], name: str) -> str:
    value = place[name]
    if name == SHARE:
        return f"{100 * value:g} % {place['outlier_kind']}" if value else "clean"
    return str(value) if name in VALUE_ONLY else f"{name} {value:g}"


def listed_seeds(seeds: Sequence[int]) -> str:
    """Return seeds in words, with consecutive ones as a range.

    Example:
        >>> listed_seeds([0, 1, 2, 5]), listed_seeds([7])
        ('seeds 0-2, 5', 'seed 7')
    """
    runs = [
        [seed for _, seed in run]
        for _, run in groupby(enumerate(seeds), key=lambda numbered: numbered[1] - numbered[0])
    ]
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(texts)}"
