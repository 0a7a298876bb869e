"""Losses by penalties as a full grid, so that the effect of the one is told from the effect of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lossbench.claims.claim import Claim
from lossbench.claims.contest import Bout, bouts
from lossbench.claims.evidence import Evidence
from lossbench.claims.levels import level
from lossbench.claims.match import Match, judge_all
from lossbench.claims.protocols import Protocol
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.config import make_settings
from lossbench.errors import UnknownName
from lossbench.experiment import TUNING_SEEDS
from lossbench.measures.scores import MEASURES
from lossbench.stats.tuning import tuning_table

if TYPE_CHECKING:
    from lossbench.api import Comparison

PENALTIES = ("none", "l1", "l2")


def check_grid(
    claim: Claim,
    study: Study,
    *,
    first: tuple[str, ...],
    other: tuple[str, ...],
    datasets: tuple[str, ...],
    strengths: tuple[float, ...],
    score: str = "accuracy",
) -> None:
    """Refuse a grid that cannot be trained.

    Raises:
        UsageError: a loss, penalty, data set, score or strength that does not exist, does not fit or is out of range.
    """
    for _, penalty in (first, other):
        if penalty not in PENALTIES:
            raise UnknownName("penalty", penalty, PENALTIES)
    make_settings(l1=list(strengths))
    bouts(study, (first[0], other[0]), (score,), datasets)
