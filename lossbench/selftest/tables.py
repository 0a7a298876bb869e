"""Calibrate the intervals and verdicts on tables: many tables are drawn from a known law, and each is analysed.

A comparison on a table is about rows like these. Many tables of one law show whether it is right: the mean over
tables of a difference is the truth that each table's interval should cover, and losses that are equal on the law
should not be found different. The analysis of a table knows nothing of the law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from lossbench.backends import Local, available_cores
from lossbench.errors import BadValue
from lossbench.metrics.scores import metrics_of
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import usual_engine
from lossbench.plan.settings import make_settings
from lossbench.run.contributed import contributions, units
from lossbench.run.packs import train
from lossbench.schema import METRICS, UNEVEN, of_one_row
from lossbench.selftest.aa import MOST, proportion
from lossbench.stats.estimate import ALPHA, Interval
from lossbench.stats.paired import over_seeds, shared_rows
from lossbench.stats.rows import Contributions
from lossbench.training.packing import make_packs
from lossbench.training.setup import Setup

NEGLIGIBLE = 0.02
"""A pair that never differs by more than this share of the mean half width is one function twice, and left out."""


@dataclass(frozen=True)
class FreshTable:
    """One fresh table, and what is trained on it.

    Args:
        setup: its law, the losses, model and optimiser.
        experiment: the trials of every loss and seed, on the law.
        number: the number of the table, which the law draws it by.
    """

    setup: Setup
    experiment: Experiment
    number: int


@dataclass(frozen=True)
class Analysis:
    """The analysis of one table for every pair of losses, by one metric; (pairs,) each.

    Args:
        interval: the interval over rows of the difference, the second loss minus the first.
        p_value: the p-value of no difference.
        half_over_seeds: the half width of the interval over seeds.
    """

    interval: Interval
    p_value: np.ndarray
    half_over_seeds: np.ndarray


def plan_tables(
    datasets: Sequence[str], losses: Sequence[str] | None, model: str, tables: int, seeds: int, epochs: int
) -> Experiment:
    """Plan fresh tables, with everything checked before any training starts.

    Args:
        datasets: specs of laws.
        losses: at least two; None for the core losses of each task.
        model: spec of the network.
        tables: the number of tables of each law, at least 2.
        seeds: the number of splits of each table, at least 2.
        epochs: passes over the training rows.

    Raises:
        BadValue: a data set is no law, or there are fewer than two tables, seeds or losses, or far too many.
        UsageError: a data set or loss does not exist or does not fit.
    """
    for name, value in {"tables": tables, "seeds": seeds}.items():
        if not 2 <= value <= MOST:
            raise BadValue(f"--{name} is {value}; give 2 to {MOST}")
    # Without a law's own regularisation: the analysis must also hold for unstable networks.
    settings = make_settings(
        datasets=list(datasets), losses=losses, models=[model], seeds=seeds, epochs=epochs, outliers=0, l2=0
    )
    experiment = plan(settings)
    for setup in experiment.setups:
        if setup.dataset.draw is None:
            raise BadValue(f"fresh tables of '{setup.dataset.name}' cannot be drawn; name a law such as moons")
        if len(setup.losses) < 2:
            raise BadValue(f"{setup.dataset.name}: there is only one loss to compare; give at least two")
    return experiment


def trainings_of(experiment: Experiment, tables: int) -> dict[str, int]:
    """Return the number of trainings on the tables of each law."""
    each = len(experiment.settings.seeds) * tables
    return {setup.dataset.name: len(setup.losses) * each for setup in experiment.setups}


def calibrate(
    experiment: Experiment,
    tables: int,
    equal: bool = False,
    jobs: int | None = None,
    progress: Callable[[str, int], None] = lambda dataset, trials: None,
) -> Iterator[dict[str, object]]:
    """Train on fresh tables of each law and compare the analysis of each table with all of them together.

    Args:
        experiment: from `plan_tables`.
        tables: the number of tables of each law.
        equal: whether all losses are equal on the laws, by a symmetry or as placebos: then every verdict is false.
        jobs: the number of processes; None for one per core.
        progress: called with the law and the number of trainings as they finish.

    Yields:
        One row for each law and metric as soon as the law is done, see `calibration`.
    """
    for setup in experiment.setups:
        tasks = [FreshTable(setup, experiment, number) for number in range(tables)]
        found: dict[int, dict[str, Analysis]] = {}
        each = len(setup.losses) * len(experiment.settings.seeds)
        for index, result in Local(jobs or available_cores()).run(analysed, tasks):
            found[index] = result
            progress(setup.dataset.name, each)
        about = {"law": setup.dataset.name, "losses": " ".join(setup.losses), "tables": tables}
        for name in found[0]:
            yield about | {"metric": name} | calibration([found[index][name] for index in range(tables)], equal)


def analysed(fresh: FreshTable) -> dict[str, Analysis]:
    """Train every loss on one table, and analyse every pair by every metric that can have a verdict."""
    found = trained(fresh)
    return {metric.name: found.analysed(metric.name) for metric in metrics_of(fresh.setup.dataset.task)}


@dataclass(frozen=True)
class Trained:
    """The results of every loss on one table.

    Args:
        losses: the specs of the losses.
        cells: what each test row contributes to each metric, by loss and seed.
        units: the numbers of the test rows, by seed.
        shared: Nadeau and Bengio's ratio for splits that share rows.
    """

    losses: list[str]
    cells: Mapping[tuple[str, int], Mapping[str, np.ndarray]]
    units: Mapping[int, np.ndarray]
    shared: float

    def analysed(self, metric: str) -> Analysis:
        """Analyse every pair of losses by one metric."""
        values, counts = self.column(metric), METRICS[metric].counts
        first, second = map(np.array, zip(*combinations(range(len(self.losses)), 2), strict=True))
        over = self.contributions(metric).difference(first, second, counts).at()
        difference = values[second] - values[first]
        seeds = over_seeds(difference.mean(axis=-1), self.shared, values.shape[-1] * counts).at().interval()
        return Analysis(over.interval(), over.p_value(), np.asarray(seeds.high - seeds.mean))

    def contributions(self, metric: str) -> Contributions:
        """Return what rows contribute to a metric, split by split."""
        seeds, losses = sorted(self.units), len(self.losses)
        unit = np.concatenate([self.units[seed] for seed in seeds])
        split = np.repeat(np.arange(len(seeds)), [len(self.units[seed]) for seed in seeds])
        one = self.column(of_one_row(metric)).reshape(losses, -1) if metric in UNEVEN else None
        return Contributions(self.column(metric).reshape(losses, -1), unit, split, one)

    def column(self, name: str) -> np.ndarray:
        """Return one column of the cells, (losses, seeds, rows)."""
        seeds = sorted(self.units)
        return np.array([[self.cells[loss, seed][name] for seed in seeds] for loss in self.losses])


def trained(fresh: FreshTable) -> Trained:
    """Train every loss on one table."""
    law = fresh.setup.dataset
    table = replace(law.sample(fresh.number), draw=None, name=f"{law.name} table {fresh.number}")
    setup = replace(fresh.setup, dataset=table)
    trials = [replace(t, dataset=table.name) for t in fresh.experiment.trials if t.dataset == law.name]
    cells: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    rows: dict[int, np.ndarray] = {}
    shared = 0.0
    for pack in make_packs(setup, trials):
        raw = train(pack, usual_engine(), "cpu")[0].last
        found = contributions(pack, raw)
        for place, (t, unit) in enumerate(zip(pack.trials, units(pack), strict=True)):
            cells[t.loss, t.seed] = {name: values[place] for name, values in found.items()}
            rows[t.seed] = unit
        fold = next(iter(pack.folds.values()))
        shared = shared_rows("resplit", len(fold.test.rows), len(fold.train.rows))
    return Trained(list(setup.losses), cells, rows, shared)


def calibration(tables: Sequence[Analysis], equal: bool) -> dict[str, object]:
    """Compare the analysis of each table with all tables together.

    Returns:
        pairs, the number compared; coverage, the share of intervals that contain the mean over tables, and that of
        the worst pair; half of their mean width, and that of intervals over seeds; power, the share of tables on
        which the pair that differs most is found different in the right direction, and power_over_seeds, likewise
        by the interval over seeds of the same trainings; and where the losses are equal, false_rate, the share of
        verdicts that are false. Rates have exact binomial intervals, as if pairs of one table were independent.
    """
    intervals = [table.interval for table in tables]
    mean, low, high = (np.stack([getattr(one, end) for one in intervals]) for end in ("mean", "low", "high"))
    p_value, half = (
        np.stack([getattr(table, name) for table in tables]) for name in ("p_value", "half_over_seeds")
    )
    kept = compared(mean, low, high)
    if not kept.any():
        return {"pairs": 0}
    mean, low, high, p_value, half = (values[:, kept] for values in (mean, low, high, p_value, half))
    truth = mean.mean(axis=0)
    covered = (low <= truth) & (truth <= high)
    significant = (p_value < ALPHA) & Interval(mean, low, high, len(tables)).off_zero
    largest = int(np.argmax(np.abs(truth)))
    right = np.sign(mean[:, largest]) == np.sign(truth[largest])
    by_seeds = np.abs(mean[:, largest]) > half[:, largest]
    return {
        "pairs": int(kept.sum()),
        **proportion("coverage", covered.ravel()),
        "worst_pair": covered.mean(axis=0).min(),
        "half_width": ((high - low) / 2.0).mean(),
        "half_over_seeds": half.mean(),
        "largest_difference": truth[largest],
        **proportion("power", right & significant[:, largest]),
        **proportion("power_over_seeds", right & by_seeds),
        **(proportion("false_rate", significant.ravel()) if equal else {}),
    }


def compared(mean: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Say which pairs are compared, (pairs,): those with an interval on every table and two functions.

    Args:
        mean: (tables, pairs) the difference on each table.
        low: its interval's lower end.
        high: its interval's upper end.
    """
    defined = ~np.isnan(low).any(axis=0)
    half_width = ((high - low) / 2.0)[:, defined].mean() if defined.any() else np.nan
    return np.asarray(defined & (np.abs(mean).max(axis=0) > NEGLIGIBLE * half_width))
