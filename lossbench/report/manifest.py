"""What a run was: everything beside the numbers that somebody needs to repeat it or to doubt it."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from lossbench.experiment import Experiment

SCHEMA = 1  # of the files; to be raised when a column changes its meaning
LIBRARIES = ("lossbench", "torch", "numpy", "scipy", "scikit-learn", "pandas")


def manifest(
    experiment: Experiment,
    texts: Mapping[str, str],
    seconds: Mapping[str, float],
    manner: Mapping[str, Any],
    command: str,
) -> dict[str, Any]:
    """Return the manifest of a run.

    Args:
        experiment: what was trained.
        texts: the other files by name; their hashes are recorded.
        seconds: wall time and training time.
        manner: engine, device and number of processes.
        command: what the user typed; may be empty.
    """
    return {
        "schema": SCHEMA,
        "command": command,
        "config": asdict(experiment.settings),
        **manner,
        "trials": len(experiment.trials),
        "skipped": [asdict(skip) for skip in experiment.skipped],
        "datasets": {
            dataset.name: {"hash": dataset.digest, "rows": dataset.rows, "notes": list(dataset.notes)}
            for dataset in experiment.datasets
        },
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads_per_process": 1,
        },
        "wall_seconds": round(seconds["wall"], 3),
        "training_seconds": round(seconds["training"], 3),
        "trainings_per_second": round(len(experiment.trials) / seconds["wall"], 3),
        "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
    }
