"""lossbench compares loss functions honestly: the same networks, data, batches and seeds; only the loss moves.

    import lossbench
    result = lossbench.compare(datasets=["breast_cancer"], losses=["bce", "mse"], seeds=10)
    result.summary

Names are imported at their first use, so that `lossbench --help` answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossbench.api import Choice, Comparison, check_claims, choose, compare
    from lossbench.errors import LossbenchError, UsageError
    from lossbench.losses import Loss, get_loss, register_loss

__all__ = [
    "Choice",
    "Comparison",
    "Loss",
    "LossbenchError",
    "UsageError",
    "check_claims",
    "choose",
    "compare",
    "get_loss",
    "register_loss",
]

_HOMES = {
    "Choice": "lossbench.api",
    "Comparison": "lossbench.api",
    "Loss": "lossbench.losses",
    "LossbenchError": "lossbench.errors",
    "UsageError": "lossbench.errors",
    "check_claims": "lossbench.api",
    "choose": "lossbench.api",
    "compare": "lossbench.api",
    "get_loss": "lossbench.losses",
    "register_loss": "lossbench.losses",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lossbench' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
