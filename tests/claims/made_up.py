"""A cell of trials that were never trained: their scores follow a rule that the test plants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from lossbench.claims.cell import Cell

Rule = Callable[[str, float], float]


def made_up(
    rule: Rule,
    losses: Sequence[str],
    shares: Sequence[float] = (0.0,),
    *,
    score: str = "r2",
    seeds: int = 10,
    spread: float = 0.001,
    validation: Rule | None = None,
    shuffled: bool = False,
    **scores: Rule,
) -> Cell:
    """Return trials whose score is the rule's, of loss and contaminated share, give or take a little.

    Args:
        rule: of the primary score on the test part.
        losses: what was trained.
        shares: contaminated shares.
        score: the primary score.
        seeds: how many.
        spread: standard deviation over seeds.
        validation: of the primary score on the validation part; by default that of the test part.
        shuffled: whether the trials come in another order.
        **scores: rules of other scores.
    """
    noise = np.random.default_rng(0).normal(0.0, spread, (seeds, 8))
    rules = {score: rule, "validation_score": validation or rule} | scores
    rows: list[dict[str, Any]] = [
        {"loss": loss, "outlier_fraction": share, "outlier_kind": "target" if share else "none", "seed": seed}
        | {name: of(loss, share) + noise[seed, hash_of(loss)] for name, of in rules.items()}
        for loss, share, seed in product(losses, shares, range(seeds))
    ]
    about = {"dataset": "made up", "score": score, "status": "ok", "constant_score": 0.0, "lr": 0.1}
    trials = pd.DataFrame(rows).assign(**about, sampling="resplit", train_rows=30000, test_rows=10000)
    return Cell("sgd", trials.sample(frac=1.0, random_state=1) if shuffled else trials)


def hash_of(loss: str) -> int:
    """Return a number below eight, the same in every process."""
    return sum(map(ord, loss)) % 8
