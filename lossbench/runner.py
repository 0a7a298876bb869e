"""The conductor: experiment -> trials -> packs -> executor -> one tidy table."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from lossbench.errors import BadValue, UnknownName
from lossbench.executors import available_cores, run_all
from lossbench.experiment import Experiment
from lossbench.training.pack import Pack, make_packs
from lossbench.trial import Trial

if TYPE_CHECKING:
    import numpy as np

Engine = Literal["fused", "loop"]
ENGINES: tuple[Engine, ...] = ("fused", "loop")
DEVICES = ("cpu", "auto", "cuda")

# A second process costs a second of imports: less work than this many multiply-adds is done in this one.
WORTH_A_PROCESS = 20e9


@dataclass(frozen=True)
class Finished:
    """The outcome of an experiment's trainings.

    Args:
        rows: one row a trial, the reported ones first, in the experiment's order; see `lossbench.scoring`.
        curves: the validation curve of each trial, in the same order.
        seconds: time spent in training, summed over processes.
    """

    rows: list[dict[str, Any]]
    curves: list[np.ndarray]
    seconds: float


@dataclass(frozen=True)
class PackResult:
    """What comes back from training one pack."""

    trials: tuple[Trial, ...]
    rows: list[dict[str, Any]]
    curves: np.ndarray
    seconds: float


def run(
    experiment: Experiment,
    jobs: int | None = None,
    engine: Engine = "fused",
    device: str = "cpu",
    progress: Callable[[str, int], None] = lambda dataset, trials: None,
) -> Finished:
    """Train all trials of an experiment.

    Args:
        experiment: what to train.
        jobs: processes; None for one a core, or for a single one where the work is small.
        engine: "fused", or "loop" for the slow oracle.
        device: "cpu", "cuda", or "auto" for cuda where there is one.
        progress: is told the data set and the number of trials each time some have finished.

    Raises:
        UnknownName: no such engine or device.
        BadValue: a device that is not there, or no process at all.
    """
    if engine not in ENGINES:
        raise UnknownName("engine", engine, ENGINES)
    if jobs is not None and (jobs < 1 or jobs != int(jobs)):
        raise BadValue(f"jobs {jobs} is no number of processes; give a whole number of at least 1")
    place = choose_device(device)
    wanted = experiment.trials + experiment.tuning
    packs = [
        pack
        for dataset in experiment.datasets
        for pack in make_packs(dataset, (t for t in wanted if t.dataset == dataset.name))
    ]
    packs.sort(key=work, reverse=True)  # the longest first, so that no process is left waiting for it at the end
    worthwhile = engine == "loop" or sum(map(work, packs)) > WORTH_A_PROCESS
    processes = jobs or (available_cores() if worthwhile and place == "cpu" else 1)
    done: dict[Trial, tuple[dict[str, Any], np.ndarray]] = {}
    seconds = 0.0
    for index, result in run_all(partial(train_pack, engine=engine, device=place), packs, processes):
        done.update(zip(result.trials, zip(result.rows, result.curves, strict=True), strict=True))
        seconds += result.seconds
        progress(packs[index].dataset.name, len(result.trials))
    ordered = [done[trial] for trial in wanted]
    return Finished([row for row, _ in ordered], [curve for _, curve in ordered], seconds)


def train_pack(pack: Pack, engine: Engine, device: str) -> PackResult:
    """Train and score one pack."""
    import torch

    from lossbench.scoring import rows_of
    from lossbench.training import fused, loop

    start = time.perf_counter()
    # A default device costs every call into torch a detour, so there is none where it would be the usual one.
    with nullcontext() if device == "cpu" else torch.device(device):
        trace = {"fused": fused.train, "loop": loop.train}[engine](pack)
    seconds = time.perf_counter() - start
    return PackResult(pack.trials, rows_of(pack, trace, engine), trace.curve, seconds)


def work(pack: Pack) -> float:
    """Return about how many multiply-adds the training of a pack takes."""
    parameters = pack.model.parameters(pack.dataset.features.shape[1], pack.outputs)
    return 3.0 * len(pack.trials) * pack.epochs * pack.dataset.rows * parameters


def choose_device(device: str) -> str:
    """Return "cpu" or "cuda".

    Raises:
        UnknownName: no such device.
        BadValue: "cuda" where there is none.
    """
    if device not in DEVICES:
        raise UnknownName("device", device, DEVICES)
    if device == "cpu":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "auto":
        return "cpu"
    raise BadValue(
        f"no CUDA device here (torch {torch.__version__} sees {torch.cuda.device_count()}); "
        "use --device cpu, or --device auto to take one where it is"
    )
