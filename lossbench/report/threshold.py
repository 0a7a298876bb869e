"""What is said of a choice among rare classes: a threshold may do what the loss does, and the line to try it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from lossbench.plan.choosing import Plan, judged_by
from lossbench.plan.settings import make_settings
from lossbench.results.advice import Code
from lossbench.results.choosing import Choice
from lossbench.schema import THRESHOLDS_OF
from lossbench.spec import title

WARNING = (
    "Each loss decides at one half of its probability here; a threshold chosen on validation often does what a "
    "loss for rare classes is taken for, and this compares two losses so:"
)

FLAGS = {"models": "model", "optimizers": "optimizer"}
"""What options are called on the command line, where that is not their name in Python."""


def threshold_lines(choice: Choice) -> Iterator[str]:
    """Yield that a threshold may do what a loss does, and the line to try it, where classes are rare."""
    plan, made = choice.plan, choice.decision
    rare = any(sign.kind == "imbalance" for sign in plan.signs)
    if rare and judged_by(plan) in THRESHOLDS_OF.get(plan.dataset.task, ()) and made.end != "nothing":
        options = unusual(plan) | with_threshold(plan, made.looks[-1])
        yield WARNING
        yield Code((in_python if plan.given else in_shell)(plan.dataset.name, rivals(choice), options))


def rivals(choice: Choice) -> list[str]:
    """Return the specs of two losses: the usual one, and the choice or what comes next."""
    made = choice.decision
    other = made.chosen if made.chosen != made.usual else made.second or made.table.others[0].loss
    specs = {title(spec): spec for spec in choice.plan.experiment.setups[0].losses}
    return [specs[made.usual], specs[other]]


def with_threshold(plan: Plan, seeds: int) -> dict[str, Any]:
    """Return the options of the comparison, by their names in Python."""
    score, rates = judged_by(plan), list(plan.settings.lr)
    return {"score": score, "threshold": score, "tune": True, "lr": rates, "outliers": 0, "seeds": seeds}


def unusual(plan: Plan) -> dict[str, Any]:
    """Return the network and the optimiser, where they are not those of every comparison."""
    name = plan.dataset.name
    mine, usual = plan.settings.on(name), make_settings().on(name)
    return {
        key: getattr(mine, key)[0] for key in ("models", "optimizers") if getattr(mine, key) != getattr(usual, key)
    }


def in_python(name: str, losses: list[str], options: Mapping[str, Any]) -> str:
    """Return the call; the table has no name there."""
    named = "".join(f", {key}={value!r}" for key, value in options.items())
    return f"lossbench.compare(X, y, losses={losses}{named})"


def in_shell(name: str, losses: list[str], options: Mapping[str, Any]) -> str:
    """Return the command."""
    words = ["-d", name, "-l", ",".join(losses)]
    for key, value in options.items():
        flag = f"--{FLAGS.get(key, key)}"
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        words += [flag] if value is True else [flag, text]
    return f"lossbench compare {shlex.join(words)}"
