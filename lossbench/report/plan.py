"""What would be trained: how much, how long, and what it could show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from lossbench.metrics.scores import primary_score
from lossbench.plan.experiment import Experiment
from lossbench.plan.trials import tuning_seeds
from lossbench.report.words.remark import words
from lossbench.results.remarks.experiment import custom_losses, protocols, skipped
from lossbench.run.runner import Forecast
from lossbench.stats.estimate import ALPHA, smallest_p
from lossbench.stats.sample_size import least_n
from lossbench.training.schedule import CONSTANT
from lossbench.training.setup import Setup


def plan_lines(experiment: Experiment, forecast: Forecast) -> Iterator[str]:
    """Yield what would be trained."""
    for setup in experiment.setups:
        yield setup_line(experiment, setup)
    settings = experiment.settings
    shares = ", ".join(f"{share:g}" for share in settings.outliers)
    seeds = ", ".join(map(str, settings.seeds))
    count = f"{len(experiment.trials)} trainings: {settings.epochs} epochs"
    if settings.schedule != (CONSTANT,):
        count += f", schedules {', '.join(settings.schedule)}"
    yield f"{count}, seeds {seeds}, contaminated shares {shares}"
    if experiment.tuning:
        seeds = ", ".join(map(str, tuning_seeds(settings)))
        rates = ", ".join(f"{rate:g}" for rate in sorted({trial.lr for trial in experiment.tuning}))
        grids = "".join(
            f", {spec}" for spec in dict.fromkeys(chain(*(one.grids for one in experiment.grids.values())))
        )
        yield f"{len(experiment.tuning)} trainings to choose among rates {rates}{grids}: seeds {seeds}, clean"
    yield forecast_line(forecast)
    yield from reach(experiment)
    said = protocols(experiment.own), skipped(experiment.skipped), custom_losses(experiment)
    yield from map(words, chain(*said))


def setup_line(experiment: Experiment, setup: Setup) -> str:
    """Say what would be trained on a data set."""
    dataset = setup.dataset
    count = sum(trial.dataset == dataset.name for trial in experiment.trials)
    losses = ", ".join(loss.title for loss in setup.losses.values()) or "no loss"
    models = ", ".join(setup.models)
    about = f"{dataset.name} ({dataset.task}, {dataset.rows} rows)"
    return f"{about}: {count} trainings of {models}, judged by {primary_score(dataset)}, under {losses}"


def arms(experiment: Experiment, setup: Setup) -> set[str]:
    """Return what is compared on a data set: losses, of which the values of a grid are one."""
    grids = ((loss, experiment.grid_of(setup.dataset.task, loss)) for loss in setup.losses)
    return {grid.spec if grid else loss for loss, grid in grids}


def forecast_line(forecast: Forecast) -> str:
    """Say what is done already and what the rest takes."""
    where = f"{forecast.processes} process" + ("es" if forecast.processes > 1 else "")
    return (
        f"{forecast.cached} trainings are done already; the other {forecast.missing} take about "
        f"{forecast.seconds:.0f} s and {forecast.megabytes:.0f} MB each in {where}"
    )


def reach(experiment: Experiment) -> Iterator[str]:
    """Yield the smallest p value that the comparisons of each data set can reach, by the number of its losses."""
    seeds = len(experiment.settings.seeds)
    families = Counter(max(0, len(arms(experiment, setup)) - 1) for setup in experiment.setups)
    for family, datasets in sorted(families.items()):
        sets = f"{datasets} data set" + ("s" if datasets > 1 else "")
        if not family:
            yield f"no comparison ({sets}): there is one loss, so name another"
            continue
        best, tests = float(smallest_p(seeds, family)), f"{family} comparison" + ("s" if family > 1 else "")
        line = f"{seeds} seeds, {tests} with the first loss ({sets}): the smallest p is {best:.2g}"
        yield line if best < ALPHA else f"{line}, never significant; give --seeds {least_n(family)} or more"
