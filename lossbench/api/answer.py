"""The run of a request: prepare, train, judge, write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.api.result import Comparison
from lossbench.errors import BadValue, OutputError
from lossbench.metrics.scores import primary_score
from lossbench.plan.experiment import Experiment
from lossbench.plan.gate import Rule, judged_rules
from lossbench.plan.request import Request
from lossbench.results import comparison
from lossbench.results.folder import other_run_command
from lossbench.results.read import read_baseline
from lossbench.results.write import prepare_file, prepare_folder, trials_csv, write_text
from lossbench.run.runner import Forecast, forecast
from lossbench.stats.between_runs.change import chosen_by, refuse_decided_apart
from lossbench.stats.between_runs.gate import GateReport, gate, refuse_judged_apart, refuse_unscored
from lossbench.store import open_store, storage, store_path

if TYPE_CHECKING:
    import pandas as pd


Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Answer:
    """The outcome of a request.

    Args:
        request: what was asked for.
        comparison: the results.
        verdict: the report of the gate; None without a baseline.
        unwritten: which files could not be written, why, and what to do; empty where all could.
        replaced: the command of another run whose files were in the folder; empty if there was none.
    """

    request: Request
    comparison: Comparison
    verdict: GateReport | None
    unwritten: str
    replaced: str = ""

    @property
    def folder(self) -> Path | None:
        """The folder of the files; None if none were written."""
        return None if self.unwritten else self.request.folder


def rehearse(experiment: Experiment, request: Request) -> Forecast:
    """Return how long the trainings of an experiment, or of its shard, would take.

    The settings that an adaptive search will propose are not known yet, so the store is not consulted for it.
    """
    begun = request.shard is not None and store_path(request.folder).is_file()
    known = request.cache and request.shard is None and not experiment.settings.adaptive
    with open_store(request.folder) if begun else storage(known) as store:
        return forecast(experiment, request.manner, store)


def answer(
    experiment: Experiment,
    request: Request,
    watch: AbstractContextManager[Progress],
    settle: AbstractContextManager[object],
) -> Answer:
    """Run a request: prepare the gate and the files, train, judge, write.

    Args:
        experiment: what is trained.
        request: how to train, and what to do with the results.
        watch: opens a callback that gets a data set's name and a number of trials as they finish.
        settle: is open while the differences are tested and the files written.

    Raises:
        UsageError: anything that cannot be carried out, before training starts.
    """
    judge = prepare_gate(experiment, request)
    prepare_targets(request)
    replaced = "" if request.folder is None else other_run_command(request.folder, experiment.settings)
    with storage(request.cache) as store, watch as progress:
        done = comparison.execute(experiment, request.manner, request.began, progress, store, request.budget)
    found = Comparison(**vars(done))
    with settle:
        return Answer(request, found, judge(found.trials), write_files(found, request), replaced)


def prepare_gate(experiment: Experiment, request: Request) -> Callable[[pd.DataFrame], GateReport | None]:
    """Read the baseline, and return the function that judges trials by the rules.

    Raises:
        BadValue: rules without a baseline.
        UsageError: the baseline cannot be read; or a rule is on a score that it lacks, or on one that depends on
            the judged score where the two runs judge by different scores.
    """
    stated = experiment.settings.gate
    if request.baseline is None:
        if request.rules:
            raise BadValue(f"--fail-on {request.rules[0]} compares with a baseline; give --baseline FILE")
        return lambda trials: None
    rules, baseline = (*request.rules, *stated.rules), read_baseline(request.baseline, request.first)
    judged = {dataset.name: primary_score(dataset) for dataset in experiment.datasets}
    usual = judged_rules(judged, experiment.settings.margins)
    if baseline is not None:
        refuse_unscored(rules or usual, baseline)
        refuse_judged_apart(rules, baseline, judged)
        refuse_unlike_thresholds(rules or usual, baseline, experiment)
    return partial(gate, baseline=baseline, rules=rules, policies=stated, usual=usual)


def refuse_unlike_thresholds(rules: Iterable[Rule], baseline: pd.DataFrame, experiment: Experiment) -> None:
    """Refuse rules on scores whose class thresholds the baseline chose in another way.

    Raises:
        BadValue: the first of them.
    """
    for setup in experiment.setups:
        name = setup.dataset.name
        theirs = baseline[baseline.dataset == name]
        mine = [rule for rule in rules if rule.dataset in (None, name)] if len(theirs) else []
        for rule in mine:
            refuse_decided_apart(name, rule.score, chosen_by(theirs), setup.threshold)


def prepare_targets(request: Request) -> None:
    """Check that the results can be written, and create the folder."""
    if request.csv_file is not None:
        prepare_file(request.csv_file)
    if request.folder is not None:
        prepare_folder(request.folder)


def write_files(found: Comparison, request: Request) -> str:
    """Write the files; return the errors of those that could not be written, empty if all were."""
    writers: list[Callable[[], None]] = []
    if request.folder is not None:
        writers.append(partial(found.save, request.folder, request.command))
    if request.csv_file is not None:
        writers.append(partial(write_text, request.csv_file, trials_csv(found.trials)))
    refusals = []
    for write in writers:
        try:
            write()
        except OutputError as error:
            refusals.append(str(error))
    resumable = request.cache and not found.note
    retry = ". The trainings are kept: run the command again"
    return "; ".join(refusals) + retry * (bool(refusals) and resumable)
