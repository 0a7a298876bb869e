"""Experiments that train."""

from lossbench.claims.trained import (
    accuracy_robustness,
    beside_the_loss,
    best_of,
    contest,
    convergence,
    custom_loss,
    handling,
    learning_curve,
    learning_rates,
    loss_by_penalty,
    lower_loss,
    mismatch,
    number_table,
    outliers,
)

__all__ = [
    "accuracy_robustness",
    "beside_the_loss",
    "best_of",
    "contest",
    "convergence",
    "custom_loss",
    "handling",
    "learning_curve",
    "learning_rates",
    "loss_by_penalty",
    "lower_loss",
    "mismatch",
    "number_table",
    "outliers",
]
