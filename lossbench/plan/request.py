"""Everything that one call of `compare` asks for, checked for its form and frozen."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lossbench.plan.settings import Settings

Engine = Literal["fused", "loop"]
ENGINES: tuple[Engine, ...] = ("fused", "loop")
DEVICES = ("cpu", "auto", "cuda")
STDOUT = "-"


@dataclass(frozen=True)
class Request:
    """What is trained, how, and what comes of the results.

    Args:
        settings: what is trained.
        config: the config that the settings come from, see `make_settings`; a name that is refused is found there.
        jobs: processes; None for one a core where the work is worth it.
        engine: "fused", or "loop" for the slow oracle.
        device: one of DEVICES.
        cache: whether finished trainings are taken from the store, and kept there.
        budget: seconds after which no more training is begun.
        baseline: the `trials.csv` that the results are held against; None for no gate.
        first: whether this may be the first run, for which there is no baseline yet.
        rules: of the gate, beside those of the config, such as "f1:-0.02".
        folder: where the files go; None for nowhere.
        csv: where the trials go beside that, "-" for standard output; None for nowhere.
        command: what the user typed, for the manifest; may be empty.
        began: when the call began, by `time.perf_counter`.
    """

    settings: Settings
    config: str | Path | None = None
    jobs: int | None = None
    engine: Engine = "fused"
    device: str = "cpu"
    cache: bool = False
    budget: float = math.inf
    baseline: Path | None = None
    first: bool = False
    rules: tuple[str, ...] = ()
    folder: Path | None = None
    csv: str | None = None
    command: str = ""
    began: float = field(default_factory=time.perf_counter)

    @property
    def csv_file(self) -> Path | None:
        """The file for the trials; None where they go nowhere, or to standard output."""
        return None if self.csv in (None, STDOUT) else Path(str(self.csv))
