"""Train one shard of a run, and merge all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.api.answer import Answer, Progress, prepare_targets, write_files
from lossbench.api.result import Comparison
from lossbench.errors import BadValue
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


def merge(folders: Iterable[str | Path], output: str | Path, command: str = "") -> Answer:
    """Put the shards of a run together, and write what one run would have written.

    Args:
        folders: of the shards, as `lossbench compare --shard I/N -o FOLDER` wrote them.
        output: folder for the files.
        command: what the user typed, for the manifest.

    Raises:
        DataError: a folder that holds no shard, or shards that are not of one run or contradict each other.
        OutputError: the folder cannot be written.
    """
    from lossbench.results.merge import merge_parts, read_parts

    target = Path(output)
    parts = read_parts([*map(Path, folders)])
    if target.resolve() in {part.folder.resolve() for part in parts}:
        raise BadValue(f"'{output}' is one of the shards; give --output another folder for the whole")
    experiment = plan(parts[0].settings)
    request = Request(Manner(), folder=target, command=command)
    replaced = other_run_command(target, experiment.settings)
    found = Comparison(**vars(merge_parts(parts, experiment)))
    return Answer(request, found, None, write_files(found, request), replaced)
