"""The plan of `choose` for one table: every candidate, at every rate, on as many seeds as are allowed."""

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
from lossbench.plan.judged import refuse_unknown_scores, refuse_unused_margins
from lossbench.plan.protocol import WHY, protocol_of
from lossbench.plan.settings import Settings, make_settings
from lossbench.remark import Topic
from lossbench.spoken import option

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
"""The learning rates of every loss."""

DECAYS = ("adam", *(f"adamw:weight_decay={decay}" for decay in (0.3, 1, 3, 10)))
"""The optimisers, from no weight decay to strong decay; one is chosen on validation, for all losses at once."""

DECAY_LR, DECAY_SEEDS = 0.01, 20
"""The learning rate and the number of seeds for the choice of the decay: one small validation part says little."""

DIRT, DIRTY_SEEDS = 0.2, 10
"""The contaminated share that the leading losses are tried under, and the largest number of seeds for that."""

SEEDS = 40
"""The largest number of seeds where the user gives none."""


@dataclass(frozen=True)
class Plan:
    """What may be trained.

    Args:
        settings: the settings of the whole experiment.
        experiment: every candidate at every rate, on all seeds, clean and contaminated.
        signs: the traits of the table.
        no_contamination: why nothing is trained on contaminated data; empty where it is.
        decay_search: the experiment that chooses the weight decay; None where the data set states its own.
        given: whether the table was passed by a program, so that no command can name it.
    """

    settings: Settings
    experiment: Experiment
    signs: tuple[Sign, ...]
    no_contamination: str = ""
    decay_search: Experiment | None = None
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
        score: scores, of which the first that the task has is judged; None for the table's own, see `Sign`.
        margins: by score, the difference that is too small to matter.
        seeds: the largest number of seeds.
        tables: by spec, data sets in memory that need no loading.
        costs: for the score "cost", the cost of each decision, one row per true class.
        model: spec of the network; None for a small one.

    Raises:
        UsageError: anything that cannot be carried out.
    """
    table = tables[dataset] if dataset in tables else load_dataset(dataset)
    refuse_unknown_scores(score or (), [table.task])
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
    refuse_unused_margins(margins or {}, made.experiment.datasets)
    if len(made.experiment.setups[0].losses) < 2:
        raise BadValue(
            f"there is only {made.usual} to choose from on '{dataset}'; name another loss ({option('loss')})"
        )
    made = replace(made, given=dataset in tables)
    return made if protocol_of(settings.protocol, dataset) else replace(made, decay_search=decay_search(made))


@contextmanager
def as_quantity(table: Dataset) -> Iterator[None]:
    """Where whole numbers are refused as classes, add to the error that they may be counts."""
    try:
        yield
    except DataError as error:
        numbers = any(remark.topic is Topic.NUMBERS_AS_CLASSES for remark in table.notes)
        raise DataError(f"{error}; if these are counts, write task=regression") if numbers else error from None


def with_dirt(settings: Settings, signs: tuple[Sign, ...], tables: Mapping[str, Dataset]) -> Plan:
    """Return the plan of some settings; without contamination where that would leave a class without rows."""
    try:
        return Plan(settings, plan(settings, tables), signs)
    except DataError as error:
        clean = replace(settings, outliers=settings.outliers[:1])
        return Plan(clean, plan(clean, tables), signs, no_contamination=str(error))


def decay_search(made: Plan) -> Experiment:
    """Return the experiment that chooses the weight decay, for the usual loss, on seeds that are not reported."""
    first = max(made.settings.seeds) + 1
    return plan(
        replace(
            made.settings,
            losses=(made.usual,),
            optimizers=DECAYS,
            lr=(DECAY_LR,),
            tune=False,
            seeds=tuple(range(first, first + DECAY_SEEDS)),
            outliers=made.settings.outliers[:1],
        ),
        {made.dataset.name: made.dataset},
    )


def with_optimiser(made: Plan, optimiser: str) -> Plan:
    """Return the plan with the chosen optimiser."""
    own = {"optimizers": (optimiser,), WHY: f"chosen on validation for {made.usual}"}
    settings = replace(made.settings, protocol={**made.settings.protocol, made.dataset.name: own})
    experiment = plan(settings, {made.dataset.name: made.dataset})
    return replace(made, settings=settings, experiment=experiment, decay_search=None)


def part(experiment: Experiment, seeds: int, dirty: Sequence[str] = (), dirty_seeds: int = 0) -> Experiment:
    """Return what is trained for one look: the first seeds clean, and a few of them contaminated for a few losses.

    Args:
        experiment: all that may be trained; its rates are chosen on the same seeds in every part.
        seeds: the number of clean seeds.
        dirty: specs of the losses that are tried on contaminated data too.
        dirty_seeds: the number of contaminated seeds.
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
