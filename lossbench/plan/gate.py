"""What a user tells the gate: how much worse each score may get, and the outcome of unclear findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from lossbench.errors import BadValue, UnknownName
from lossbench.plan.config import at
from lossbench.plan.toml import Place, read_table
from lossbench.schema import SCORES, greater_is_better, is_score

Outcome = Literal["pass", "warn", "fail"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Policies:
    """The outcome of findings that the scores do not decide; each is "pass", "warn" or "fail".

    Args:
        new: rows that the baseline does not have.
        missing: rows that only the baseline has.
        incomparable: rows whose data, splits, weights, orders or loss code have other hashes.
        undecided: changes that the seeds cannot tell from chance.
    """

    new: Outcome = "pass"
    missing: Outcome = "fail"
    incomparable: Outcome = "fail"
    undecided: Outcome = "warn"


@dataclass(frozen=True)
class Rule:
    """How much worse a score may get.

    Args:
        score: see `lossbench.schema.is_score`.
        tolerance: at least 0, in the bad direction of the score.
        relative: whether it is a share of the baseline's mean; otherwise it is in units of the score.
        dataset: the data set that the rule is for; None for all.
        loss: the loss that the rule is for; None for all. A more specific rule wins over a more general one.
    """

    score: str
    tolerance: float
    relative: bool = False
    dataset: str | None = None
    loss: str | None = None

    def __str__(self) -> str:
        sign = "-" if greater_is_better(self.score) else "+"
        size = f"{100 * self.tolerance:g}%" if self.relative else f"{self.tolerance:g}"
        return f"{self.score}:{sign}{size}"

    def allowance(self, baseline: float) -> float:
        """Return how much worse the mean may get, in units of the score, at least 0."""
        return self.tolerance * abs(baseline) if self.relative else self.tolerance


@dataclass(frozen=True)
class Gate(Policies):
    """The `[gate]` table of a config: policies, and rules beside those of --fail-on."""

    rules: tuple[Rule, ...] = ()


TABLE = get_type_hints(Policies) | {"rules": list}
RULE = dict.fromkeys(("rule", "dataset", "loss"), str)
"""The keys of a `[gate]` table, and of a rule in it, with their types."""


def parse_rules(texts: Iterable[str], dataset: str | None = None, loss: str | None = None) -> tuple[Rule, ...]:
    """Read rules as a user writes them: `SCORE:-AMOUNT` or `SCORE:-SHARE%`, + where lower is better.

    Raises:
        UnknownName: there is no such score.
        BadValue: the amount is no number, or has the sign of an improvement.

    Example:
        >>> parse_rules(["f1:-0.02"])
        (Rule(score='f1', tolerance=0.02, relative=False, dataset=None, loss=None),)
    """
    return tuple(_parse_rule(text.strip(), dataset, loss) for text in texts)


def _parse_rule(text: str, dataset: str | None, loss: str | None) -> Rule:
    score, _, amount = text.rpartition(":") if ":" in text else (text, "", "")
    if not is_score(score):
        raise UnknownName("score", score, SCORES, where=f"rule '{text}'")
    sign, fall, higher = ("-", "fall", "higher") if greater_is_better(score) else ("+", "rise", "lower")
    relative = amount.endswith("%")
    try:
        size = float(amount.removesuffix("%"))
    except ValueError:
        size = math.nan
    if not math.isfinite(size):
        raise BadValue(f"rule '{text}': '{amount}' is no amount; write {score}:{sign}0.02, or {score}:{sign}5%")
    if size and not amount.startswith(sign):
        raise BadValue(
            f"rule '{text}': for {score} {higher} is better, so a rule tolerates a {fall}; "
            f"write {score}:{sign}{amount.lstrip('+-')}"
        )
    return Rule(score, abs(size) / (100 if relative else 1), relative, dataset, loss)


def judged_rules(judged: Mapping[str, str], margins: Mapping[str, float]) -> tuple[Rule, ...]:
    """Return the rules of a gate for which none is stated: each data set by its judged score and its margin.

    Example:
        >>> [str(rule) for rule in judged_rules({"moons": "accuracy", "line": "rmse"}, {"accuracy": 0.01})]
        ['accuracy:-0.01', 'rmse:+0']
    """
    return tuple(Rule(score, margins.get(score, 0.0), dataset=name) for name, score in judged.items())


def read_gate(value: Any, place: Place) -> dict[str, Any]:
    """Read the `[gate]` table: policies, and rules as texts or as tables that name a data set or a loss.

    Raises:
        ConfigError: a value of the wrong type.
        UnknownName: a key, a policy or a score that does not exist.
        BadValue: a rule whose amount has the sign of an improvement.

    Example:
        >>> [str(rule) for rule in read_gate({"rules": ["f1:-0.02"]}, Place(("gate",)))["rules"]]
        ['f1:-0.02']
    """
    table = read_table(TABLE, [], value, place)
    if "rules" in table:
        table["rules"] = tuple(_rule(rule, place.inside("rules")) for rule in table["rules"])
    return table


def _rule(value: Any, place: Place) -> Rule:
    table = {"rule": value} if isinstance(value, str) else value
    if not isinstance(table, Mapping) or "rule" not in table:
        raise place.wrong(value, 'a rule, such as "f1:-0.02", or { rule = "f1:-0.02", loss = "mse" }')
    stated = read_table(RULE, [], table, place)
    with at(place):
        (rule,) = parse_rules([stated.pop("rule")], **stated)
    return rule
