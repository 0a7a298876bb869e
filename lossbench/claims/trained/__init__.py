"""Experiments that train."""

from lossbench.claims.trained import (
    best_of,
    contest,
    equal_losses,
    loss_by_penalty,
    number_table,
    progress,
    rates,
    robustness,
)

__all__ = [
    "best_of",
    "contest",
    "equal_losses",
    "loss_by_penalty",
    "number_table",
    "progress",
    "rates",
    "robustness",
]
