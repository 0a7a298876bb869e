"""The run of a request: prepare, train, judge, write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lossbench.api.gate import prepare_gate
from lossbench.api.result import Comparison
from lossbench.errors import OutputError
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Request
from lossbench.results import comparison
from lossbench.results.folder import other_run_command
from lossbench.results.write import prepare_file, prepare_folder, trials_csv, write_text
from lossbench.run.runner import Forecast, forecast
from lossbench.stats.between_runs.gate import GateReport
from lossbench.store import open_store, storage, store_path

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
    found = Comparison.of(done)
    with settle:
        return Answer(request, found, judge(found.trials), write_files(found, request), replaced)


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
