"""A command that is given again: what it printed, where its folder still has the files that it would write.

A run follows from its settings, the code, the versions and the machine; only date and times differ when its
command is given again. So what a finished run printed is kept in the store, under a key of all that this text and
the files follow from. Where the files stand in the folder to the byte, nothing is computed, and they get the new
moment.

Only runs of what lossbench ships are kept, since a key can cover all of it; a run with a file of the user's, such
as a table or a loss, is computed every time, from stored trainings. `lossbench.claims.memory` does so too.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossbench.data.catalogue import check_dataset
from lossbench.errors import DataError, OutputError
from lossbench.metrics.score import Asked
from lossbench.remark import Topic
from lossbench.results.circumstances import circumstances
from lossbench.results.remarks.run import run_remarks
from lossbench.results.standing import Standing, hash_of, standing
from lossbench.run.provenance import file_marks, fingerprint
from lossbench.store import open_store
from lossbench.training.module.model import ModuleModel

if TYPE_CHECKING:
    from lossbench.plan.experiment import Experiment
    from lossbench.plan.request import Request
    from lossbench.plan.settings import Settings
    from lossbench.results.comparison import Comparison

OF_ONE_RUN = (Topic.TIME, Topic.FILES)
"""What is said of one run alone; a run of which more is to be said is not kept."""


@dataclass(frozen=True)
class Kept:
    """What is kept of a finished run.

    Args:
        text: what it printed, without the remarks on one run alone.
        trainings: how many trainings it has, by data set.
    """

    text: str
    trainings: Mapping[str, int]


def recall(request: Request, settings: Settings, shown: Iterable[Any]) -> Kept | None:
    """Return what a command printed before, and give its files the new moment; None where it has to be run.

    Args:
        request: the command.
        settings: of its experiment.
        shown: all else that the printed text depends on, such as the width of the terminal.

    Raises:
        DataError: the store is damaged.
        OutputError: the store or the folder cannot be written.
    """
    found = files_of(request, settings)
    if found is None:
        return None
    with open_store() as store:
        text = store.recall(key_of(request, settings, shown, found))
    if text is None:
        return None
    kept = Kept(*json.loads(text))
    found.renew(request.began, sum(kept.trainings.values()))
    return kept


def remember(request: Request, shown: Iterable[Any], comparison: Comparison, text: str) -> None:
    """Keep what a complete run printed, unless its key cannot cover it. A store that fails does not stop the run.

    Args:
        request: the command.
        shown: see `recall`.
        comparison: the run.
        text: see `Kept`.
    """
    experiment = comparison.experiment
    usual = all(one.topic in OF_ONE_RUN for one in run_remarks(comparison, request.folder))
    found = files_of(request, experiment.settings) if usual and is_shipped(experiment) else None
    if found is None:
        return
    trainings = Counter(trial.dataset for trial in experiment.trials + experiment.tuning)
    with suppress(DataError, OutputError), open_store() as store:
        store.remember(key_of(request, experiment.settings, shown, found), "", json.dumps([text, trainings]))


def is_shipped(experiment: Experiment) -> bool:
    """Say whether data sets, losses, networks and scores are all of lossbench and the libraries that it needs."""
    records = [check_dataset(dataset.name) for dataset in experiment.datasets]
    own = (isinstance(dataset.judged, Asked) for dataset in experiment.datasets)
    losses = (bool(loss.record.code) for setup in experiment.setups for loss in setup.losses.values())
    models = (isinstance(one, ModuleModel) for setup in experiment.setups for one in setup.models.values())
    return all(record and not record.package for record in records) and not any((*own, *losses, *models))


def files_of(request: Request, settings: Settings) -> Standing | None:
    """Return the files that stand where a command writes its own.

    None also for a command that reads or writes anything but these and the store, or does not train here.
    """
    others = request.baseline, request.csv, request.shard, request.manner.cluster, settings.adaptive
    if request.folder is None or not request.cache or any(others) or request.manner.device != "cpu":
        return None
    return standing(request.folder)


def key_of(request: Request, settings: Settings, shown: Iterable[Any], files: Standing) -> str:
    """Return a hash of all that a run's files, and what it prints, follow from; see `recall` for the arguments."""
    here = {name: part for name, part in circumstances("click", "rich").items() if name != "date"}
    manner = [request.command, request.manner.told, fingerprint(request.manner.engine)]
    parts = [asdict(settings), manner, here, list(shown), code_marks(), files.lasting]
    return hash_of(json.dumps(parts))[:32]  # 128 bits: no two keys agree by chance


def code_marks() -> list[tuple[str, int, int, int]]:
    """Return name, size and times of every file of the package."""
    folders = (one for one in os.walk(Path(__file__).parents[1]) if not one[0].endswith("__pycache__"))
    files = sorted(Path(folder, name) for folder, _, names in folders for name in names)
    return file_marks(file for file in files if file.exists())  # an editor may leave links that lead nowhere
