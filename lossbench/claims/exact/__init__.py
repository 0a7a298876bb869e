"""Experiments that need no training."""

from lossbench.claims.exact import (
    derivatives,
    evaluation_cost,
    forensics,
    growth,
    properties,
    two_classes,
    worked_examples,
)

__all__ = [
    "derivatives",
    "evaluation_cost",
    "forensics",
    "growth",
    "properties",
    "two_classes",
    "worked_examples",
]
