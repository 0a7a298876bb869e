"""lossbench compares loss functions honestly: the same networks, data, batches and seeds; only the loss moves.

    import lossbench
    result = lossbench.compare(datasets=["breast_cancer"], losses=["bce", "mse"], seeds=10)
    result.summary
    lossbench.compare(X, y, losses=["mse", "huber"])    # a table of your own
    result.save("folder"), lossbench.load("folder")     # to go on another day
    lossbench.losses(), lossbench.datasets()            # what there is

Names are imported at their first use, so that `lossbench --help` answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from lossbench import losses
    from lossbench.api import Choice, Comparison, SavedRun, check_claims, choose, compare, datasets, load, merge
    from lossbench.errors import LossbenchError, UsageError
    from lossbench.losses import Loss, get_loss, register_loss

__all__ = [
    "Choice",
    "Comparison",
    "Loss",
    "LossbenchError",
    "SavedRun",
    "UsageError",
    "check_claims",
    "choose",
    "compare",
    "datasets",
    "get_loss",
    "load",
    "losses",
    "merge",
    "register_loss",
]

_HOMES = {
    "Choice": "lossbench.api",
    "Comparison": "lossbench.api",
    "Loss": "lossbench.losses",
    "LossbenchError": "lossbench.errors",
    "SavedRun": "lossbench.api",
    "UsageError": "lossbench.errors",
    "check_claims": "lossbench.api",
    "choose": "lossbench.api",
    "compare": "lossbench.api",
    "datasets": "lossbench.api",
    "get_loss": "lossbench.losses",
    "load": "lossbench.api",
    "losses": "lossbench.losses",
    "merge": "lossbench.api",
    "register_loss": "lossbench.losses",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # here, since it takes as long as all else of this import

        return version("lossbench")
    if name not in _HOMES:
        raise AttributeError(f"module 'lossbench' has no attribute '{name}'")
    home = importlib.import_module(_HOMES[name])
    return home if _HOMES[name] == f"{__name__}.{name}" else getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
