"""The A/A test: how often lossbench sees a difference where there is none, and misses one where there is.

A loss is compared with itself. All arms share the splits, as losses do in a comparison, but draw initial weights
and batch orders from streams of their own: all differences between them are chance, and a verdict of better or
worse is false. For the power, the scores of one arm are raised by a known amount.

Tests are over seeds: those of `compare` on a law, and on a table where its rows are not at hand. Of tests over
rows, which `compare` prefers on a table, one table cannot say how often they err: see `lossbench.selftest.tables`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lossbench.backends import Local, available_cores
from lossbench.data.dataset import Dataset
from lossbench.data.fold import make_fold
from lossbench.errors import BadValue, LossDoesNotFit
from lossbench.losses import core_losses
from lossbench.metrics.scores import primary_score
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import usual_engine
from lossbench.plan.settings import make_settings
from lossbench.schema import MARGINS, METRICS
from lossbench.stats.estimate import ALPHA, LEVEL
from lossbench.stats.families import holm
from lossbench.stats.paired import paired_test, shared_rows
from lossbench.stats.verdicts import BETTER, told_apart, verdict
from lossbench.task import TASKS
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.setup import Setup

PLANTED = 2.0  # the difference whose power is measured, in margins
POWER = 0.8  # how often a detectable difference is found
WIDEST = 64  # the largest detectable difference that is searched for, in margins
MOST = 10_000  # the largest number of arms, seeds or comparisons


@dataclass(frozen=True)
class Simulation:
    """What is simulated, on which data sets.

    Args:
        experiment: the data sets, the losses, and a trial for each seed of each family.
        arms: the loss of each arm, for each data set; the others are compared with the first.
        seeds: repetitions in one comparison.
        families: the number of simulated comparisons of all arms with the first, each on its own seeds.
    """

    experiment: Experiment
    arms: tuple[tuple[str, ...], ...]
    seeds: int
    families: int

    @property
    def trainings(self) -> dict[str, int]:
        """The number of trainings on each data set."""
        names, runs = (dataset.name for dataset in self.experiment.datasets), self.seeds * self.families
        return {name: len(arms) * runs for name, arms in zip(names, self.arms, strict=True)}


def prepare(
    datasets: Iterable[str], losses: Sequence[str] | None, arms: int, seeds: int, comparisons: int, epochs: int
) -> Simulation:
    """Plan an A/A test, with everything checked before any training starts.

    Args:
        datasets: specs of the data sets.
        losses: one, or one for each arm: the same loss, or placebos of it. None for each task's reference loss.
        arms: the number of arms, if a single loss is given; at least 2.
        seeds: repetitions in one comparison, at least 2.
        comparisons: the smallest number of verdicts on each data set.
        epochs: passes over the training rows.

    Raises:
        BadValue: there are fewer than two arms, seeds or comparisons, or far too many, or a score has no margin.
        UsageError: a data set or loss does not exist or does not fit.
    """
    counts = {"arms": arms, "seeds": seeds, "comparisons": comparisons}
    for name, value in counts.items():
        if value < 2:
            raise BadValue(f"an A/A test needs at least two {name}, but --{name} is {value}; give more")
        if value > MOST:
            raise BadValue(f"--{name} is {value}, which is too many; give at most {MOST}")
    named = losses or {task: core_losses(task)[:1] for task in TASKS}
    arms = len(losses) if losses and len(losses) > 1 else arms
    families = -(-comparisons // (arms - 1))
    settings = make_settings(
        epochs=epochs, seeds=seeds * families, outliers=0, datasets=list(datasets), losses=named
    )
    experiment = plan(settings)
    for skip in experiment.skipped:
        raise LossDoesNotFit(skip.reason)
    for dataset in experiment.datasets:
        margin_of(dataset)
    chosen = (tuple(losses or setup.losses) for setup in experiment.setups)
    return Simulation(experiment, tuple((specs * arms)[:arms] for specs in chosen), seeds, families)


def simulate(
    wanted: Simulation,
    jobs: int | None = None,
    progress: Callable[[str, int], None] = lambda dataset, trials: None,
) -> Iterator[dict[str, object]]:
    """Train all arms on each data set and judge them over seeds.

    Args:
        wanted: what is simulated.
        jobs: the number of processes; None for one per core.
        progress: called with the data set and the number of trainings as they finish.

    Yields:
        One row for each data set as soon as it is done: its name, arms and seeds, and the entries of `rates`.
    """
    for setup, arms in zip(wanted.experiment.setups, wanted.arms, strict=True):
        dataset = setup.dataset
        scores = arm_scores(wanted, setup, arms, jobs or available_cores(), partial(progress, dataset.name))
        about = {"dataset": dataset.name, "arms": " ".join(arms), "seeds": wanted.seeds}
        yield about | rates(scores, dataset)


def margin_of(dataset: Dataset) -> tuple[str, float]:
    """Return the score that a data set is judged by, and its margin.

    Raises:
        BadValue: the score has no declared margin.
    """
    metric = primary_score(dataset)
    if metric not in MARGINS:
        raise BadValue(
            f"data set '{dataset.name}' is judged by {metric}, which has no margin; choose another data set"
        )
    return metric, MARGINS[metric]


def arm_scores(
    wanted: Simulation, setup: Setup, arms: Sequence[str], jobs: int, progress: Callable[[int], None]
) -> np.ndarray:
    """Train every arm for every seed and return the primary scores on the test part, (arms, families, seeds)."""
    experiment = wanted.experiment
    mine = [trial for trial in experiment.trials if trial.dataset == setup.dataset.name]
    packs = [
        replace(pack, arm=arm)
        for arm, loss in enumerate(arms)
        for pack in make_packs(setup, (trial for trial in mine if trial.loss == loss))
    ]
    scores = np.empty((len(arms), len(experiment.settings.seeds)))
    for index, result in Local(jobs).run(scores_of, packs):
        scores[packs[index].arm, [trial.seed for trial in packs[index].trials]] = result
        progress(len(result))
    return scores.reshape(len(arms), wanted.families, wanted.seeds)


def scores_of(pack: Pack) -> np.ndarray:
    """Train a pack and return the primary score of each trial on the test part at the last epoch, (trials,)."""
    from lossbench.run.packs import train
    from lossbench.training.trace import Validator

    pack = replace(pack)  # a copy, so that its cached splits, weights and orders are freed with it
    return Validator(pack, range(len(pack.trials)), part="test")(train(pack, usual_engine(), "cpu")[0].last)


def rates(scores: np.ndarray, dataset: Dataset) -> dict[str, object]:
    """Judge simulated scores by the verdicts of a comparison over seeds.

    Args:
        scores: (arms, families, seeds).
        dataset: the data set of the scores.

    Returns:
        Score, margin and sizes; the share of families with a false verdict, of comparisons found equivalent, and
        of planted differences found, each with its exact binomial interval; and the detectable difference.
    """
    metric, margin = margin_of(dataset)
    upward = METRICS[metric].greater_is_better
    fold = make_fold(dataset, 0)
    test_to_train = shared_rows(dataset.sampling, len(fold.test.rows), len(fold.train.rows))
    judged = verdicts(scores, test_to_train, margin, upward)
    found = partial(finds, scores, test_to_train, margin, upward)
    wrong = np.asarray(told_apart(judged).any(axis=0))
    return {
        "score": metric,
        "margin": margin,
        "comparisons": judged.size,
        "families": judged.shape[1],
        **proportion("false_rate", wrong),
        **proportion("equivalent_rate", (judged == "equivalent").ravel()),
        "planted": PLANTED * margin,
        **proportion("power", found(PLANTED * margin)),
        "detectable": detectable(found, margin),
    }


def finds(scores: np.ndarray, test_to_train: float, margin: float, upward: bool, difference: float) -> np.ndarray:
    """Improve the second arm of every family by a difference; say where it is then found better, (families,)."""
    planted = scores.copy()
    planted[1] += difference if upward else -difference
    return np.asarray(np.isin(verdicts(planted, test_to_train, margin, upward)[0], BETTER))


def detectable(found: Callable[[float], np.ndarray], margin: float) -> float:
    """Return the smallest difference that is found in four families of five, in steps of a tenth of the margin.

    Args:
        found: tells in which families a difference is found, (families,); a larger one is found in more of them.
        margin: the margin of the score.

    Returns:
        The difference; NaN if it is more than 64 margins.

    Example:
        >>> round(detectable(lambda difference: np.array([difference > 0.0299]), 0.01), 3)
        0.03
    """
    unit = margin / 10
    least = bisect_left(range(WIDEST * 10), POWER, key=lambda size: np.mean(found(size * unit)))
    return least * unit if least < WIDEST * 10 else float("nan")


def verdicts(scores: np.ndarray, test_to_train: float, margin: float, upward: bool) -> np.ndarray:
    """Return the verdict on every arm but the first, (arms - 1, families), corrected within each family.

    Args:
        scores: (arms, families, seeds).
        test_to_train: see `lossbench.stats.paired.shared_rows`; 0 under a law.
        margin: the margin of the score.
        upward: whether a greater score is better.

    Example:
        >>> same = np.zeros((2, 1, 6))
        >>> verdicts(same, 0.25, 0.01, upward=True).tolist()
        [['equivalent']]
    """
    found = paired_test(scores[1:] - scores[0], test_to_train).estimate
    adjusted, same = (np.apply_along_axis(holm, 0, p) for p in (found.p_value(), found.p_equivalent(margin)))
    return np.asarray(verdict(found.interval(), adjusted, upward, same))


def proportion(name: str, happened: Sequence[bool] | np.ndarray) -> dict[str, float]:
    """Return a rate and its exact interval (Clopper and Pearson 1934).

    Example:
        >>> {key: round(value, 3) for key, value in proportion("rate", [True, False, False, False]).items()}
        {'rate': 0.25, 'rate_low': 0.006, 'rate_high': 0.806}
    """
    from scipy.stats import binomtest

    result = binomtest(int(np.sum(happened)), len(happened), ALPHA)
    low, high = result.proportion_ci(LEVEL)
    return {name: result.statistic, f"{name}_low": low, f"{name}_high": high}
