"""A study whose trainings are made up: scores follow a rule that the test plants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from lossbench.claims import Study, read_terms
from lossbench.claims.trial_results import TrialResults
from lossbench.stats.tuning import at_own_rate, tuning_table

Rule = Callable[[dict[str, Any]], float]

FIELDS = {
    "datasets": "dataset",
    "models": "model",
    "optimizers": "optimizer",
    "outliers": "outlier_fraction",
    "seeds": "seed",
}
"""The columns of trials whose settings have another name."""


def listed(value: Any) -> list[Any]:
    """Return one value or several as a list; so many epochs are one value."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Planted(Study):
    """Answers `compare` without training.

    Args:
        rule: of a trial's settings, its score (accuracy, f1, validation score and epochs to target alike).
        shuffled: whether the trials come in another order.
        spread: standard deviation of the scores over seeds.
    """

    rule: Rule = field(default=lambda trial: 0.0)
    shuffled: bool = False
    spread: float = 0.001

    def compare(self, protocol: str, task: Any, **axes: Any) -> Any:
        """Return made-up trials in the form of `Study.compare`."""
        asked = self.terms.protocols[protocol].axes(task) | axes
        tune, losses = asked.pop("tune"), asked.pop("losses")[task]
        judged = asked.pop("score", ["accuracy"])
        for name in ("outlier_kind", "protocol"):
            asked.pop(name, None)
        settings = {"model": ["mlp:16"], "l1": [0.0], "l2": [0.0], "batch_size": [32], "outlier_fraction": [0.0]}
        settings |= {"epochs": [self.epochs], "seed": list(self.seeds), "loss": losses}
        settings |= {FIELDS.get(key, key): listed(value) for key, value in asked.items()}
        rows = [dict(zip(settings, values, strict=True)) for values in product(*settings.values())]
        trials, curves = self.made(rows, task).assign(score=judged[0]), np.empty((0, 0))
        if not tune:
            return TrialResults(trials, curves)
        tuning = tuning_table(trials)
        return TrialResults(at_own_rate(trials, tuning), curves, tuning=tuning, choosing=trials)

    def made(self, rows: list[dict[str, Any]], task: str) -> pd.DataFrame:
        """Return the trials with their scores."""
        noise = np.random.default_rng(crc32(repr(rows).encode())).normal(0.0, self.spread, len(rows))
        score = np.array([self.rule(row) for row in rows]) + noise
        about = {"task": task, "status": "ok", "outlier_kind": "none"}
        counts = {"sampling": "resplit", "train_rows": 30000, "test_rows": 10000, "constant_score": 0.5}
        counts |= {"grid": None, "search_place": None, "schedule": "constant"}
        scores = {"accuracy": score, "f1": score, "validation_score": score, "epochs_to_target": score}
        there = {"converged": pd.array(score < self.epochs, dtype="boolean")}
        made = pd.DataFrame(rows).assign(**about, **counts, **scores, **there)
        return made.sample(frac=1.0, random_state=1, ignore_index=True) if self.shuffled else made


def planted(rule: Rule, seeds: int = 5, **fields: Any) -> Planted:
    """Return a study of a few seeds, under the shipped terms, in which the rule holds."""
    return Planted(replace(read_terms(), seeds=seeds, epochs=30), rule=rule, **fields)
