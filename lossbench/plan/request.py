"""How an experiment is run, and what is done with its results."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lossbench.errors import BadValue, UnknownName
from lossbench.plan.cluster import Cluster
from lossbench.plan.shard import Shard
from lossbench.spoken import option

if TYPE_CHECKING:  # every --help imports this file, and importing the gate takes most of that time
    from lossbench.plan.gate import Rule

Engine = Literal["native", "fused", "loop"]
ENGINES: tuple[Engine, ...] = ("native", "fused", "loop")
DEVICES = ("cpu", "auto", "cuda")
STDOUT = "-"
MOST_JOBS = 1024  # each takes half a gigabyte


def usual_engine(device: str = "cpu") -> Engine:
    """Return the default engine: native on the CPU where it is compiled, else fused."""
    from lossbench.training.native import fault

    return "fused" if device != "cpu" or fault() else "native"


@dataclass(frozen=True)
class Manner:
    """How networks are trained.

    Args:
        jobs: the number of processes; None for one per core where the work is worth it.
        engine: "native", compiled; "fused", in torch; or "loop", the slow oracle.
        device: "cpu" or "cuda", see `choose_device`.
        cluster: the cluster whose workers train; None for this machine.

    Raises:
        UnknownName: there is no such engine.
        BadValue: `jobs` is out of range, or the native engine is not compiled, or not for that device.
    """

    jobs: int | None = None
    engine: Engine = field(default_factory=usual_engine)
    device: str = "cpu"
    cluster: Cluster | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UnknownName("engine", self.engine, ENGINES)
        if self.engine == "native":
            check_native(self.device)
        if self.jobs is not None and (not 1 <= self.jobs <= MOST_JOBS or self.jobs != int(self.jobs)):
            raise BadValue(
                f"jobs {self.jobs} is no number of processes; give a whole number from 1 to {MOST_JOBS}"
            )

    @property
    def told(self) -> dict[str, Any]:
        """The entries of a manifest; without the address, which is private."""
        where = "local" if self.cluster is None else self.cluster.backend
        return {"jobs": self.jobs, "engine": self.engine, "device": self.device, "backend": where}


def check_native(device: str) -> None:
    """Refuse the native engine where it cannot train.

    Raises:
        BadValue: the device is not the CPU, or the training step is not compiled.
    """
    from lossbench.training.native.library import chosen_level

    if device != "cpu":
        other = option("engine", "fused")
        raise BadValue(f"engine native trains on the CPU only; for {option('device', device)} choose {other}")
    chosen_level()


@dataclass(frozen=True)
class Request:
    """How an experiment is run, and what is done with its results.

    Args:
        manner: how networks are trained.
        cache: whether finished trainings are taken from the store, and kept there.
        budget: seconds after which no more training is begun.
        baseline: the `trials.csv` that the results are compared with; None for no gate.
        first: whether this may be the first run, for which there is no baseline yet.
        rules: rules of the gate, in addition to those of the config.
        folder: the folder for the files; None for no files.
        csv: a further file for the trials, "-" for standard output; None for none.
        shard: the only part of the experiment to train, into the folder; None for the whole.
        command: what the user typed, for the manifest; may be empty.
        began: when the call began, by `time.perf_counter`.
    """

    manner: Manner
    cache: bool = False
    budget: float = math.inf
    baseline: Path | None = None
    first: bool = False
    rules: tuple[Rule, ...] = ()
    folder: Path | None = None
    csv: str | None = None
    shard: Shard | None = None
    command: str = ""
    began: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        """Refuse what a part of an experiment cannot have."""
        if self.shard is None:
            return
        if self.folder is None:
            raise BadValue(f"shard {self.shard} needs a folder of its own; give --output DIR")
        for name, given in (("--csv", self.csv), ("--baseline", self.baseline), ("--fail-on", self.rules)):
            if given:
                raise BadValue(
                    f"{name} is for a whole run, and this is shard {self.shard}; leave it out, and use the "
                    "results of lossbench merge"
                )

    @property
    def csv_file(self) -> Path | None:
        """The further file for the trials; None where there is none, or it is standard output."""
        return None if self.csv in (None, STDOUT) else Path(str(self.csv))


def choose_device(device: str) -> str:
    """Return "cpu" or "cuda".

    Raises:
        UnknownName: there is no such device.
        BadValue: "cuda" is asked for, and there is no GPU.
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
        f"use {option('device', 'cpu')}, or {option('device', 'auto')} to use one where there is one"
    )
