"""What a run was: everything beside the numbers that somebody needs to repeat it or to doubt it."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lossbench.schema import SCHEMA

if TYPE_CHECKING:
    from lossbench.data import Dataset
    from lossbench.remark import Remark
    from lossbench.results.comparison import Comparison

LIBRARIES = ("lossbench", "torch", "numpy", "scipy", "scikit-learn", "pandas")


def about(dataset: Dataset, say: Callable[[Remark], str]) -> dict[str, Any]:
    """Return what a manifest says of a data set; the hash of a law is that of the rows of seed 0."""
    found = {"hash": dataset.digest, "rows": dataset.rows, "sampling": dataset.sampling}
    return found | {"notes": [say(remark) for remark in dataset.notes]}


def manifest(
    comparison: Comparison, texts: Mapping[str, str], command: str, say: Callable[[Remark], str]
) -> dict[str, Any]:
    """Return the manifest of a run.

    Args:
        comparison: a finished one.
        texts: the other files by name; their hashes are recorded.
        command: what the user typed; may be empty.
        say: puts a remark into words.
    """
    experiment, seconds = comparison.experiment, comparison.seconds
    return {
        "schema": SCHEMA,
        "command": command,
        "config": asdict(experiment.settings),
        **comparison.manner,
        "trials": len(comparison.trials),
        "cached": comparison.cached,
        "partial": [asdict(gap) for gap in comparison.gaps],
        "skipped": [asdict(skip) for skip in experiment.skipped],
        "datasets": {dataset.name: about(dataset, say) for dataset in experiment.datasets},
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads_per_process": 1,
        },
        "wall_seconds": round(seconds["wall"], 3),
        "training_seconds": round(seconds["training"], 3),
        "trainings_per_second": round(len(comparison.trials) / seconds["wall"], 3),
        "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
    }
