"""Which columns can be judged: those with a direction, and the difference that is too small to matter."""

from __future__ import annotations

from lossbench.schema.metrics import METRICS
from lossbench.schema.names import at_link, is_own
from lossbench.schema.thresholds import AT_LINK
from lossbench.schema.trials import TRIALS

SCORES = tuple(name for name, column in TRIALS.items() if column.greater_is_better is not None)
"""The columns whose change can be judged: each has a direction."""


def is_score(name: str) -> bool:
    """Say whether a column has a direction, so that its change can be judged."""
    return name in SCORES or is_own(name)


def greater_is_better(score: str) -> bool:
    """Return the direction of a score, see `is_score`.

    Example:
        >>> greater_is_better("f1_at_best"), greater_is_better("rmse"), greater_is_better("epochs_to_target")
        (True, False, False)
    """
    return bool(TRIALS[score].greater_is_better)


TIMES = tuple(name for name in SCORES if TRIALS[name].group == "convergence")

MARGINS = {name: column.margin for name, column in TRIALS.items() if column.margin is not None}
"""The differences that are too small to matter, by score, where nobody declares others."""

ROW_SCORES = (*METRICS, *map(at_link, AT_LINK))
"""What rows may contribute to."""
