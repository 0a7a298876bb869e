"""Merging finished runs: the files that one run of all their seeds, losses and data sets would have written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lossbench.errors import DataError
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Manner
from lossbench.plan.settings import Settings
from lossbench.results.comparison import Comparison, Merged, make_comparison
from lossbench.results.manifest import MANIFEST, SHAPE, faults, read_manifest
from lossbench.results.merge import (
    PART_FIELDS,
    contradiction,
    refuse_changed,
    refuse_other_lossbench,
    refuse_unlike,
    unequal_cells,
)
from lossbench.results.part import Part
from lossbench.results.remake import Remade, remake
from lossbench.results.rows_file import ROWS
from lossbench.run.dataset_hashes import DatasetHashes, Hashes, of_both
from lossbench.run.examples import Examples
from lossbench.run.runner import Finished
from lossbench.run.state import Ledger
from lossbench.schema import CURVE, METRICS, OVERLAP, TRIAL
from lossbench.spec import title
from lossbench.stats.estimate import LEVEL
from lossbench.stats.groups import identities
from lossbench.stats.paired import SeedSpread, shared_rows
from lossbench.stats.row_scores import Identity, RowScores
from lossbench.task import TASKS, Task
from lossbench.training.trial import Trial

FREE = ("seeds", "losses", "datasets")
"""The settings in which runs may differ."""

ARM = [name for name in CURVE if name != "score"]
"""What has a curve."""

AT_ONCE = "give all seeds, losses and data sets to one command, which takes from the store what is done"


@dataclass(frozen=True)
class FinishedRun(Part):
    """A finished run, as a part of a larger one.

    Args:
        remade: what its folder holds.
    """

    remade: Remade = field(kw_only=True, repr=False)

    @property
    def hashes(self) -> Hashes:
        """Of its data, losses and own scores, as its tables have them; they do not tell the code of models."""
        stated, trials = self.content["datasets"], self.remade.trials
        names = ("dataset", "loss", "loss_hash", "score_hash")
        cells = dict.fromkeys(zip(*(trials[name].fillna("") for name in names), strict=True))
        return {
            dataset: DatasetHashes(
                stated.get(dataset, {}).get("hash", ""),
                max((score for name, _, _, score in cells if name == dataset), default=""),
                {loss: code for name, loss, code, _ in cells if name == dataset},
            )
            for dataset in dict.fromkeys(trials.dataset)
        }


def is_run(folder: Path) -> bool:
    """Say whether a folder holds a finished run."""
    return (folder / "trials.csv").is_file()


def read_runs(folders: Sequence[Path]) -> list[FinishedRun]:
    """Read finished runs that can be merged.

    Raises:
        DataError: one is none, or lacks what is needed; or two differ in more than seeds, losses and data sets.
    """
    there, others = (", ".join(f"'{one}'" for one in folders if is_run(one) is kind) for kind in (True, False))
    if others:
        raise DataError(
            f"{there}: finished runs; {others}: none; merge runs with runs, or the shards of a run with each other"
        )
    runs = [read_run(folder) for folder in folders]
    for one, other in combinations(runs, 2):
        refuse_unlike(one, other, shared(one, other), shared(other, one))
    refuse_other_lossbench(runs[0])
    return runs


def read_run(folder: Path) -> FinishedRun:
    """Read a finished run, and refuse one whose folder lacks what a merge needs."""
    remade, manifest = remake(folder), read_manifest(folder, needed=set(SHAPE) - {"choice"})
    if manifest is None:
        raise DataError(f"'{folder}' has no {MANIFEST}, which says how its trainings were made; restore it")
    for fault in faults(manifest.content, {"wall_seconds": float, "training_seconds": float}):
        raise DataError(f"{folder / MANIFEST}: {fault}; restore it")
    if manifest.tuned:
        raise DataError(f"'{folder}' is tuned, and a run chooses its own step sizes; {AT_ONCE}")
    if "parts.csv" in manifest.sha256:
        raise DataError(f"'{folder}' has a sum of losses, whose parts.csv has means over its seeds; {AT_ONCE}")
    for path in map(folder.joinpath, ("trials.csv", "curves.csv", *{ROWS} & manifest.sha256.keys())):
        if not path.is_file() or sha256(path.read_bytes()).hexdigest() != manifest.sha256.get(path.name):
            raise DataError(f"{path} is not there as its run wrote it; restore it")
    own = {"fingerprint": remade.trials.fingerprint.iloc[0]}
    return FinishedRun(folder, {**manifest.content, **own}, remade=remade)


def shared(run: FinishedRun, other: FinishedRun) -> dict[str, Any]:
    """Return what another run must agree with in the manifest of a run."""
    config = {name: value for name, value in run.content["config"].items() if name not in FREE}
    return {**run.content, "config": config, "hashes": of_both(run.hashes, other.hashes)}


def whole_settings(runs: Sequence[FinishedRun]) -> Settings:
    """Return the settings of one run of all that some runs have."""
    stated = [run.settings for run in runs]
    return replace(
        stated[0],
        seeds=tuple(sorted({seed for one in stated for seed in one.seeds})),
        datasets=tuple(dict.fromkeys(name for one in stated for name in one.datasets)),
        losses=stated[0].losses if all(one.losses == stated[0].losses for one in stated) else losses_by_task(runs),
    )


def losses_by_task(runs: Sequence[FinishedRun]) -> Mapping[Task, tuple[str, ...]]:
    """Return the losses that ran on data of each task, in the order of the runs."""
    ran = {pair for run in runs for pair in zip(run.remade.trials.task, run.remade.trials.loss, strict=True)}
    named = {task: [spec for run in runs for spec in run.settings.losses_for(task)] for task in TASKS}
    return {task: tuple(dict.fromkeys(s for s in named[task] if (task, title(s)) in ran)) for task in TASKS}


def merge_runs(runs: Sequence[FinishedRun], experiment: Experiment) -> Comparison:
    """Merge finished runs.

    Raises:
        DataError: data or losses have changed since; two runs hold different results of one training; or on some
            data set a loss lacks a seed that another has.
    """
    now = Ledger(experiment, runs[0].content["fingerprint"], None).keeper.hashes
    if any(hashes.models for hashes in now.values()):
        raise DataError(f"the folder of a run does not tell the code of models of your own; {AT_ONCE}")
    for run in runs:
        refuse_changed(run, of_both(now, run.hashes))
    largest = sorted(runs, key=lambda run: -len(run.remade.trials))  # may have all seeds of a smaller one
    placed = list(zip(largest, places_of(largest, experiment.trials), strict=True))
    trials = pd.concat(run.remade.trials.set_axis(places)[places >= 0] for run, places in placed).sort_index()
    order = np.argsort(np.concatenate([places[places >= 0] for _, places in placed]))
    curves = np.concatenate([stand_in_curves(run, places >= 0)[places >= 0] for run, places in placed])[order]
    rows = chain.from_iterable(run.remade.contributed.moved(at) for run, at in placed if run.remade.contributed)
    seconds = {name: sum(run.content[f"{name}_seconds"] for run in runs) for name in ("wall", "training")}
    done = Finished(
        experiment,
        trials,
        curves,
        slopes=[curves[:0]] * len(trials),
        contributed=RowScores.of(rows, identities(trials)),
        examples=first_examples(placed, experiment.settings.seeds[0]),
        seconds=seconds["training"],
        cached=0,
        gaps=(),
        note="",
        warned={},
    )
    told = tuple({name: run.content[name] for name in PART_FIELDS if name in run.content} for run in runs)
    manner = Manner(engine=runs[0].content["engine"], device=runs[0].content["device"])
    return make_comparison(done, manner, seconds, Merged(len(runs), (), told))


def places_of(runs: Sequence[FinishedRun], trials: Sequence[Trial]) -> list[np.ndarray]:
    """Return for each run where its rows stand in the whole; -1 for a training that an earlier run has too."""
    told = [vars(trial) | {"loss": title(trial.loss)} for trial in trials]
    wanted = {tuple(one[name] for name in TRIAL): place for place, one in enumerate(told)}
    held: dict[Identity, tuple[FinishedRun, int]] = {}
    found = []
    for run in runs:
        rows = identities(run.remade.trials)
        for row, one in enumerate(rows):
            if one not in wanted:
                raise DataError(f"'{run.folder}' has a training that the whole lacks: {', '.join(map(str, one))}")
            first, there = held.setdefault(one, (run, row))
            if first is not run and (fault := unequal_cells(cells(first, there), cells(run, row))):
                raise contradiction(trials[wanted[one]], first, run, fault)
        found.append(np.array([wanted[one] if held[one][0] is run else -1 for one in rows]))
    refuse_unbalanced(trials[place] for one, place in wanted.items() if one not in held)
    return found


def cells(run: FinishedRun, row: int) -> dict[str, Any]:
    """Return a row of the trials, by column."""
    return {name: column.iloc[row] for name, column in run.remade.trials.items()}  # type: ignore[misc]


def refuse_unbalanced(missing: Iterable[Trial]) -> None:
    """Refuse runs that lack trainings, and say which losses lack which seeds."""
    lacking: defaultdict[str, set[int]] = defaultdict(set)
    for trial in missing:
        lacking[f"{title(trial.loss)} on {trial.dataset}"].add(trial.seed)
    if lacking:
        said = "; ".join(f"{where} lacks seeds {', '.join(map(str, sorted(lacking[where])))}" for where in lacking)
        raise DataError(f"losses need the same seeds on a data set: {said}; run these too, and merge all again")


def first_examples(placed: Iterable[tuple[FinishedRun, np.ndarray]], seed: int) -> Examples:
    """Return the examples of the first seed, by the places of their trainings."""
    found = {
        int(places[row]): example
        for run, places in placed
        for row, example in run.remade.examples.items()
        if places[row] >= 0 and run.remade.trials.seed[row] == seed
    }
    return dict(sorted(found.items()))


def stand_in_curves(run: FinishedRun, kept: np.ndarray) -> np.ndarray:
    """Return curves (trials, epochs) with the means and deviations of `curves.csv`: those of trainings are gone.

    Raises:
        DataError: only some trainings of a curve are kept.
    """
    trials, curves = run.remade.trials, dict(iter(run.remade.curves.groupby(ARM)))  # type: ignore[union-attr]
    found = np.empty((len(trials), int(trials.epochs[0])))
    for arm, rows in trials.groupby(ARM).indices.items():
        if 0 < kept[rows].sum() < len(rows):
            raise DataError(
                f"'{run.folder}' has some seeds that another run has too, and some of its own; its curves.csv has "
                f"means over both. Run those of its own apart, with --seeds, or {AT_ONCE}"
            )
        overlap = shared_rows(*trials.loc[rows[0], list(OVERLAP)])
        found[rows] = values_like(curves[arm], len(rows), overlap)
    return found


def values_like(curve: pd.DataFrame, count: int, overlap: float) -> np.ndarray:
    """Return values (count, epochs), NaN beyond n, that have the means and intervals of a curve.

    An interval that is cut at one end has its whole width beside the other. Of one that is cut at both, only the
    largest deviation is known that values between these ends can have, √(n / (n - 1) (high - mean) (mean - low))
    (Bhatia and Davis 2000): with other seeds beside them its interval is too wide, and never too narrow.
    """
    n, mean, low, high = (curve[name].to_numpy(dtype=np.float64) for name in ("n", "mean", "low", "high"))
    of_one = SeedSpread(n, 0 * n, 0 * n + 1, overlap).at().interval(LEVEL).high  # where the deviation is 1
    above, below, metric = high - mean, mean - low, METRICS[curve.score.iloc[0]]
    away = np.nan_to_num(np.maximum(above, below) / of_one) * np.sqrt(np.maximum(n - 1, 0) / 2)
    cut = (low == metric.low) & (high == metric.high)
    away[cut] = np.sqrt(n[cut] * above[cut] * below[cut] / 2)
    values = np.where(np.arange(count)[:, None] < n, mean, np.nan)
    values[:2] += np.array([[1.0], [-1.0]])[:count] * away
    return values
