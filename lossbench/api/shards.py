"""Train one shard of a run, and merge all of them; or merge finished runs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.api.answer import Answer, Progress, prepare_targets, write_files
from lossbench.api.result import Comparison
from lossbench.errors import BadValue, DataError
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import Manner, Request
from lossbench.results.folder import other_run_command
from lossbench.store import open_store, remove, store_path

if TYPE_CHECKING:
    from lossbench.results.part import Part


def train_shard(part: Experiment, request: Request, watch: AbstractContextManager[Progress]) -> Part:
    """Train one shard of an experiment into its folder, which is also its store, so that it can be resumed.

    Args:
        part: see `lossbench.run.shards.part_of`.
        request: which shard, how and where.
        watch: as for `answer`.

    Raises:
        OutputError: the folder holds another run, or results could not be stored.
    """
    from lossbench.results.part import refuse_occupied, train_part, write_part

    assert request.shard is not None
    assert request.folder is not None
    refuse_occupied(request.folder, request.shard, part.settings)
    prepare_targets(request)
    if not request.cache:
        remove(store_path(request.folder))
    with open_store(request.folder) as store, watch as progress:
        ledger = train_part(part, request.manner, progress, store, request.budget)
    wall = time.perf_counter() - request.began
    return write_part(request.folder, request.shard, ledger, request.manner, request.command, wall)


def merge(folders: Iterable[str | Path]) -> Comparison:
    """Put the shards of a run, or finished runs, together: the result is that of one run of all.

    Args:
        folders: of the shards, as `lossbench compare --shard I/N -o FOLDER` wrote them, or of finished runs that
            differ in seeds, losses and data sets alone.

    Returns:
        The whole; `save(folder)` writes what one run would have written.

    Raises:
        DataError: a folder that holds neither, or shards or runs that are not of one experiment, contradict each
            other, or lack trainings.

    Example:
        >>> import lossbench, tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     for seeds in ("0:2", "2:4"):
        ...         one = lossbench.compare("iris", ["ce", "mse"], seeds=seeds, epochs=3, outliers=0)
        ...         one.save(f"{place}/{seeds[0]}")
        ...     len(lossbench.merge([f"{place}/0", f"{place}/2"]).trials)
        8
    """
    from lossbench.results.merge import merge_parts, read_parts
    from lossbench.results.merge_runs import is_run, merge_runs, read_runs, whole_settings

    given = [*map(Path, folders)]
    if absent := [folder for folder in given if not folder.exists()]:
        raise DataError(f"no folder '{absent[0]}'; name folders that compare -o FOLDER wrote")
    if any(map(is_run, given)):
        runs = read_runs(given)
        return Comparison.of(merge_runs(runs, plan(whole_settings(runs))))
    parts = read_parts(given)
    return Comparison.of(merge_parts(parts, plan(parts[0].settings)))


def merge_into(folders: Iterable[Path], output: Path, command: str) -> Answer:
    """Merge, see `merge`, and write what one run would have written.

    Args:
        folders: likewise.
        output: folder for the files.
        command: what the user typed, for the manifest.

    Raises:
        DataError: likewise.
        OutputError: the folder cannot be written.
    """
    given = [*folders]
    if output.resolve() in {folder.resolve() for folder in given}:
        raise BadValue(f"'{output}' is one of those to be merged; give --output another folder for the whole")
    request, found = Request(Manner(), folder=output, command=command), merge(given)
    replaced = other_run_command(output, found.experiment.settings)
    return Answer(request, found, None, write_files(found, request), replaced)
