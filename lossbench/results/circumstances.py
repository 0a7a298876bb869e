"""Date, versions and machine of a run: what a reader needs to repeat or to question its results."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import Any

from lossbench.run.provenance import version

LIBRARIES = ("lossbench", "torch", "numpy", "scipy", "scikit-learn", "pandas")


def circumstances(*more: str) -> dict[str, Any]:
    """Return the date, versions and machine, as a manifest has them.

    Example:
        >>> found = circumstances()
        >>> list(found), found["date"].endswith("+00:00")
        (['date', 'versions', 'machine'], True)
    """
    return {
        "date": datetime.now(UTC).isoformat(" ", "seconds"),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in (*LIBRARIES, *more)},
        "machine": {
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads_per_process": 1,
        },
    }
