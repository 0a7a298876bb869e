"""What is announced before a run adds up."""

from __future__ import annotations

from dataclasses import replace

from lossbench import Comparison
from lossbench.plan.request import Manner
from lossbench.report.plan import forecast_line, plan_lines, setup_line, smallest_p_lines
from lossbench.run.runner import Forecast, forecast

NOTHING = Forecast(cached=0, missing=10, processes=1, seconds=3.0, megabytes=450.0)


def test_the_plan_adds_up(comparison: Comparison) -> None:
    """The data sets' trainings add up to the total that is announced."""
    experiment = comparison.experiment
    counts = [int(setup_line(experiment, s).partition(" rows): ")[2].split()[0]) for s in experiment.setups]
    lines = list(plan_lines(experiment, NOTHING))
    (total,) = (line for line in lines if " epochs, seeds " in line)
    assert sum(counts) == int(total.split()[0]) == len(comparison.trials)
    assert lines[-1].startswith("skipped")


def test_few_seeds_are_told_what_they_cannot_show(comparison: Comparison) -> None:
    """On a law three seeds rest on an assumption, and the line names how many would not; on a table rows count."""
    tables = comparison.experiment
    laws = [
        replace(one, dataset=replace(one.dataset, draw=lambda seed, data=one.dataset: data))
        for one in tables.setups
    ]
    few = replace(tables, setups=tuple(laws))
    many = replace(few, settings=replace(few.settings, seeds=tuple(range(12))))
    assert all("seeds or more to do without" in line for line in smallest_p_lines(few))
    assert list(smallest_p_lines(many))
    assert not any("seeds or more to do without" in line for line in smallest_p_lines(many))
    assert not list(smallest_p_lines(tables))


def test_a_forecast_counts_every_training(comparison: Comparison) -> None:
    """Without a store everything is missing, and more of it takes longer."""
    experiment = comparison.experiment
    whole = forecast(experiment, Manner(1), None)
    assert (whole.cached, whole.missing, whole.processes) == (0, len(experiment.trials), 1)
    part = forecast(replace(experiment, trials=experiment.trials[:9]), Manner(1), None)
    assert part.seconds < whole.seconds < forecast(experiment, Manner(1, "loop"), None).seconds
    assert forecast_line(whole).startswith(f"0 trainings are done already; the other {whole.missing} take about")
    assert forecast_line(replace(whole, cached=4, missing=0)) == "all 4 trainings are done already"


def test_one_loss_alone_is_no_comparison(comparison: Comparison) -> None:
    """It is said, instead of a p value that nothing can have."""
    experiment = comparison.experiment
    alone = tuple(replace(setup, losses=dict([*setup.losses.items()][:1])) for setup in experiment.setups)
    (line,) = smallest_p_lines(replace(experiment, setups=alone))
    assert line.startswith("no comparison (2 data sets)")
