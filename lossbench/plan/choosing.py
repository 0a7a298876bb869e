"""What `choose` may train on one table: every candidate, at every rate, on as many seeds as there may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

from lossbench.data.catalogue import load_dataset
from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue, DataError
from lossbench.metrics.scores import primary_score
from lossbench.plan.candidates import Sign, candidates, signs_of
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.judged import refuse_foreign, refuse_idle_margins
from lossbench.plan.protocol import WHY, protocol_of
from lossbench.plan.settings import Settings, make_settings
from lossbench.remark import Topic

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
"""The step sizes of every loss."""

DECAYS = ("adam", *(f"adamw:weight_decay={decay}" for decay in (0.3, 1, 3, 10)))
"""How weights may be kept small, chosen on validation for the usual loss; the same for every loss."""

MIDDLE, WEIGHING_SEEDS = 0.01, 20
"""The step size at which that is chosen, and on how many seeds: a small validation part says little."""

DIRT, DIRTY_SEEDS = 0.2, 10
"""The share of the training rows that are contaminated for the first few losses, and on how many seeds at most."""

SEEDS = 40
"""How many seeds there may be where nobody says."""


@dataclass(frozen=True)
class Plan:
    """What may be trained.

    Args:
        settings: of all of it.
        experiment: every candidate at every rate, on all seeds, clean and dirty.
        signs: what the table shows.
        undirtied: why nothing is trained on contaminated data; empty where it is.
        weighing: what chooses how weights are kept small; None where the data set has its own way.
        given: whether the table is one that a program handed over, which no command can name.
    """

    settings: Settings
    experiment: Experiment
    signs: tuple[Sign, ...]
    undirtied: str = ""
    weighing: Experiment | None = None
    given: bool = False

    @property
    def dataset(self) -> Dataset:
        """The table."""
        return self.experiment.datasets[0]

    @property
    def usual(self) -> str:
        """The spec of the loss that others have to beat."""
        return next(iter(self.experiment.setups[0].losses))


def plan_choice(
    dataset: str,
    losses: Sequence[str] | None = None,
    score: Sequence[str] | None = None,
    margins: Mapping[str, float] | None = None,
    seeds: int | None = None,
    tables: Mapping[str, Dataset] = MappingProxyType({}),
    costs: Iterable[Iterable[float]] | str | None = None,
    model: str | None = None,
) -> Plan:
    """Plan a choice on one table.

    Args:
        dataset: its spec.
        losses: the candidates; None for those of `lossbench.plan.candidates`.
        score: what is judged, the first that the task has; None for the table's own, see `Sign`.
        margins: by score, the difference that is too small to matter.
        seeds: how many there may be.
        tables: by spec, the data sets that are at hand and need no loading.
        costs: for the score "cost", what a decision costs, a row a true class.
        model: spec of the network; None for a small one.

    Raises:
        UsageError: anything that cannot be carried out.
    """
    table = tables[dataset] if dataset in tables else load_dataset(dataset)
    refuse_foreign(score or (), [table.task])
    signs = signs_of(table)
    own = next((sign.score for sign in signs if sign.score and not table.score), None)
    settings = make_settings(
        datasets=[dataset],
        losses=losses or {table.task: list(candidates(table.task, signs))},
        score=score or ([own] if own else None),
        costs=costs,
        models=None if model is None else [model],
        margins=margins,
        seeds=SEEDS if seeds is None else seeds,
        lr=RATES,
        tune=True,
        outliers=(0.0, DIRT),
    )
    with as_quantity(table):
        made = with_dirt(settings, signs, {dataset: table})
    refuse_idle_margins(margins or {}, made.experiment.datasets)
    if len(made.experiment.setups[0].losses) < 2:
        raise BadValue(f"there is only {made.usual} to choose from on '{dataset}'; name another loss with --loss")
    made = replace(made, given=dataset in tables)
    return made if protocol_of(settings.protocol, dataset) else replace(made, weighing=weighing(made))


@contextmanager
def as_quantity(table: Dataset) -> Iterator[None]:
    """Add to a refusal of classes that are whole numbers that they may be counts."""
    try:
        yield
    except DataError as error:
        numbers = any(remark.topic is Topic.NUMBERS_AS_CLASSES for remark in table.notes)
        raise DataError(f"{error}; if these are counts, write task=regression") if numbers else error from None


def with_dirt(settings: Settings, signs: tuple[Sign, ...], tables: Mapping[str, Dataset]) -> Plan:
    """Return the plan of some settings; without contaminated rows where a class would have none left."""
    try:
        return Plan(settings, plan(settings, tables), signs)
    except DataError as error:
        clean = replace(settings, outliers=settings.outliers[:1])
        return Plan(clean, plan(clean, tables), signs, undirtied=str(error))


def weighing(made: Plan) -> Experiment:
    """Return what chooses how weights are kept small: the usual loss alone, on seeds that are not reported."""
    first = max(made.settings.seeds) + 1
    return plan(
        replace(
            made.settings,
            losses=(made.usual,),
            optimizers=DECAYS,
            lr=(MIDDLE,),
            tune=False,
            seeds=tuple(range(first, first + WEIGHING_SEEDS)),
            outliers=made.settings.outliers[:1],
        ),
        {made.dataset.name: made.dataset},
    )


def weighed(made: Plan, optimiser: str) -> Plan:
    """Return the plan with the optimiser that was chosen."""
    own = {"optimizers": (optimiser,), WHY: f"chosen on validation for {made.usual}"}
    settings = replace(made.settings, protocol={**made.settings.protocol, made.dataset.name: own})
    experiment = plan(settings, {made.dataset.name: made.dataset})
    return replace(made, settings=settings, experiment=experiment, weighing=None)


def part(experiment: Experiment, seeds: int, dirty: Sequence[str] = (), dirty_seeds: int = 0) -> Experiment:
    """Return what is trained for a look: the first seeds clean, and a few of them dirty under a few losses.

    Args:
        experiment: all that may be trained; its rates are chosen on the same seeds in every part.
        seeds: how many, clean.
        dirty: specs of the losses that are tried on contaminated data too.
        dirty_seeds: on how many seeds.
    """
    settings = experiment.settings
    clean, few = set(settings.seeds[:seeds]), set(settings.seeds[:dirty_seeds])
    trials = tuple(
        trial
        for trial in experiment.trials
        if (trial.seed in few and trial.loss in dirty if trial.outlier_fraction else trial.seed in clean)
    )
    shares = settings.outliers if dirty else settings.outliers[:1]
    stated = replace(settings, seeds=settings.seeds[:seeds], outliers=shares)
    return replace(experiment, settings=stated, trials=trials)


def judged_by(made: Plan) -> str:
    """Return the score that the choice is made by."""
    return primary_score(made.dataset)
