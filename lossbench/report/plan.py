"""What would be trained: how much, how long, and how small a p value it could reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from lossbench.metrics.scores import primary_score
from lossbench.plan.experiment import Experiment
from lossbench.plan.trials import tuning_seeds
from lossbench.report.tables import listed_seeds
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
    count = f"{len(experiment.trials)} trainings: {settings.epochs} epochs"
    if settings.schedule != (CONSTANT,):
        count += f", schedules {', '.join(settings.schedule)}"
    yield f"{count}, {listed_seeds(settings.seeds)}, contaminated shares {shares}"
    if experiment.tuning:
        chosen_on = listed_seeds(tuning_seeds(settings))
        yield f"{len(experiment.tuning)} trainings to choose among {candidates(experiment)}: {chosen_on}, clean"
    yield forecast_line(forecast)
    yield from smallest_p_lines(experiment)
    said = protocols(experiment.own), skipped(experiment.skipped), custom_losses(experiment)
    yield from map(words, chain(*said))


def candidates(experiment: Experiment) -> str:
    """Return the rates and grids to choose from; for an adaptive search, only the range of rates."""
    settings = experiment.settings
    found = sorted({trial.lr for trial in experiment.tuning})
    rates = ", ".join(f"{rate:g}" for rate in found)
    if settings.adaptive:
        rates = f"from {min(settings.lr):g} to {max(settings.lr):g}, as they are proposed"
    grids = dict.fromkeys(chain(*(one.grids for one in experiment.grids.values())))
    return f"rates {rates}" + "".join(f", {spec}" for spec in grids)


def setup_line(experiment: Experiment, setup: Setup) -> str:
    """Return what would be trained on a data set."""
    dataset = setup.dataset
    count = sum(trial.dataset == dataset.name for trial in experiment.trials)
    tried = (
        arms(experiment, setup) if experiment.settings.adaptive else [one.title for one in setup.losses.values()]
    )
    losses = ", ".join(tried) or "no loss"
    models = ", ".join(setup.models)
    about = f"{dataset.name} ({dataset.task}, {dataset.rows} rows)"
    return f"{about}: {count} trainings of {models}, judged by {primary_score(dataset)}, under {losses}"


def arms(experiment: Experiment, setup: Setup) -> list[str]:
    """Return the arms on a data set: its losses, with all values of a grid as one arm."""
    titles = [loss.title for loss in setup.losses.values()]
    grids = [(one, experiment.grid_of(setup.dataset.task, one)) for one in titles]
    return list(dict.fromkeys(grid.spec if grid else one for one, grid in grids))


def forecast_line(forecast: Forecast) -> str:
    """Return what is done already and how long the rest takes."""
    where = f"{forecast.processes} process" + ("es" if forecast.processes > 1 else "")
    if not forecast.missing:
        return f"all {forecast.cached} trainings are done already"
    return (
        f"{forecast.cached} trainings are done already; the other {forecast.missing} take about "
        f"{forecast.seconds:.0f} s and {forecast.megabytes:.0f} MB each in {where}"
    )


NO_NORMALITY = "without assuming that differences are normal"


def smallest_p_lines(experiment: Experiment) -> Iterator[str]:
    """Yield the smallest p value that the comparisons on each law can reach, by the number of its losses.

    On a table the unit is the row, so that the number of seeds bounds nothing.
    """
    seeds, families = len(experiment.settings.seeds), Counter[tuple[int, bool]]()
    for setup in experiment.setups:
        families[max(0, len(arms(experiment, setup)) - 1), setup.dataset.sampling == "resplit"] += 1
    for (family, over_rows), datasets in sorted(families.items()):
        sets = f"{datasets} data set" + ("s" if datasets > 1 else "")
        if not family:
            yield f"no comparison ({sets}): there is one loss, so name another"
        elif not over_rows:
            best, tests = float(smallest_p(seeds, family)), f"{family} comparison" + ("s" if family > 1 else "")
            reached = f"{NO_NORMALITY}, the smallest p is {best:.2g}"
            line = f"{seeds} seeds, {tests} with the first loss ({sets}): {reached}"
            more = f"; a verdict would rest on that, give {least_n(family)} seeds or more to do without"
            yield line if best < ALPHA else line + more
