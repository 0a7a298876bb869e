"""Experiments that train.

In all of them a `cell` holds the trials of one data set, the `study` has the margins, the `claim` has the reported
scores, and a `margin` is the difference that is too small to matter, None if none is declared.
"""

from lossbench.claims.trained import (
    anomalies,
    best_of,
    contest,
    embeddings,
    equal_losses,
    gradient_free,
    imitation,
    loss_by_penalty,
    masks,
    number_table,
    progress,
    rates,
    robustness,
)

__all__ = [
    "anomalies",
    "best_of",
    "contest",
    "embeddings",
    "equal_losses",
    "gradient_free",
    "imitation",
    "loss_by_penalty",
    "masks",
    "number_table",
    "progress",
    "rates",
    "robustness",
]
