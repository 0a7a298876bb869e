"""The claims of three documents: as data, with the experiments that decide them, and the verdicts.

Importing this package enters every experiment under its name; it imports neither torch nor anything that trains.
"""

from lossbench.claims import (
    accuracy_robustness,
    beside_the_loss,
    best_of,
    contest,
    convergence,
    custom_loss,
    derivatives,
    evaluation_cost,
    forensics,
    growth,
    handling,
    influence,
    learning_curve,
    learning_rates,
    loss_by_penalty,
    lower_loss,
    mismatch,
    number_table,
    outliers,
    properties,
    saturated_start,
    saturation,
    worked_examples,
)
from lossbench.claims.catalogue import Catalogue, read_catalogue, read_terms
from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence, Finding
from lossbench.claims.judge import try_claims
from lossbench.claims.registry import experiment, explanation
from lossbench.claims.study import Study
from lossbench.claims.verdict import combine

__all__ = [
    "Catalogue",
    "Claim",
    "Evidence",
    "Finding",
    "Study",
    "accuracy_robustness",
    "beside_the_loss",
    "best_of",
    "combine",
    "contest",
    "convergence",
    "custom_loss",
    "derivatives",
    "evaluation_cost",
    "experiment",
    "explanation",
    "forensics",
    "growth",
    "handling",
    "influence",
    "learning_curve",
    "learning_rates",
    "loss_by_penalty",
    "lower_loss",
    "mismatch",
    "number_table",
    "outliers",
    "properties",
    "read_catalogue",
    "read_terms",
    "saturated_start",
    "saturation",
    "try_claims",
    "worked_examples",
]
