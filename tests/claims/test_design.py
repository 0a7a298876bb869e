from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lossbench.claims import Claim, Design, Evidence, Study, read_terms, trained, try_claims, under_each
from lossbench.claims.contrast import Contrast
from lossbench.claims.deciding import judge_all
from lossbench.claims.design import judged, with_roles
from lossbench.claims.registry import EXPERIMENTS, arguments_for, trains
from lossbench.errors import BadValue, UsageError
from lossbench.stats.paired import over_seeds

from .designs import carry_out
from .planted import planted

TEMPLATE = (Path(trained.__file__).parent / "README.md").read_text(encoding="utf-8")
LINE = Evidence("inconclusive", "f1")


def nothing(cell):
    """Make no contrasts."""
    return []


def test_the_template_is_a_claim_that_can_be_tried(written, study, monkeypatch):
    """As it stands in the README of the experiments: two lines under every protocol, which come out as planted."""
    monkeypatch.setitem(EXPERIMENTS, "steadier", None)  # gone after the test
    code, toml = (re.search(rf"```{kind}\n(.+?)```", TEMPLATE, re.DOTALL)[1] for kind in ("python", "toml"))
    exec(code, {"__name__": "template"})
    catalogue = written(toml)
    (judgement,) = try_claims(catalogue, catalogue.find(), planted(lambda trial: 0.8))
    assert [line.protocol for line in judgement.evidence[::2]] == list(study.terms.protocols)
    assert {line.what for line in judgement.evidence} == {"distance of accuracy to its mean", "accuracy"}
    assert [line.verdict for line in judgement.evidence[1::2]] == ["reproduced"] * 3
    assert len(TEMPLATE.encode()) < 2500


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"losses": ["hubber"]}, "unknown loss 'hubber'"),
        ({"datasets": ["moon"]}, "unknown data set 'moon'"),
        ({"outliers": [2.0]}, "out of range"),
        ({"models": ["mlp:x"]}, "widths are positive whole numbers"),
        ({"outlier_kind": "target", "outliers": [0.1]}, "no 'target' contamination"),
        ({"lr": [0.1], "tune": True}, "tuning chooses among several rates"),
    ],
)
def test_what_cannot_be_planned_is_refused_before_training(study, monkeypatch, axes, message):
    """Whatever the experiment, by the plan of its design."""
    monkeypatch.setattr(Study, "compare", lambda *_, **__: pytest.fail("it was trained"))
    asked = {"datasets": ["moons"], "losses": ["bce"]} | axes
    with pytest.raises(UsageError, match=message):
        Design(under_each(study, nothing, **asked)).check(study)


def test_contrasts_are_judged_together_and_come_before_what_is_shown():
    """Holm's correction is over all trainings of the claim, and evidence that is no contrast stays as it is."""
    one, other = (
        Contrast(LINE, over_seeds(np.array(values), 1 / 3), "better", 0.01)
        for values in ([0.10, 0.11, 0.12], [0.01, -0.02, 0.03])
    )
    assert judged([one, LINE, other]) == [*judge_all([one, other]), LINE]


def test_the_primary_protocol_decides_where_it_was_tried():
    """All else is sensitivity; where an experiment sets the rates itself, every protocol decides."""
    lines = [replace(LINE, protocol=protocol) for protocol in ("sgd", "adam", "tuned")]
    assert [line.role for line in with_roles(lines, "tuned")] == ["sensitivity", "sensitivity", "unit"]
    assert [line.role for line in with_roles(lines[:2], "tuned")] == ["unit", "unit"]


def test_what_decides_has_all_seeds_and_sensitivity_has_fewer():
    """The primary protocol where it is tried, else all; the seeds of sensitivity are the first of the others."""
    study, seen = planted(lambda trial: 0.8, seeds=40), {}

    def remember(cell):
        seen[cell.protocol] = sorted(set(cell.trials.seed))
        return []

    every = Design(under_each(study, remember, datasets=["moons"], losses=["bce"]))
    fixed = Design([one for one in every.trainings if one.protocol != study.terms.primary])
    carry_out(every, study)
    few = list(range(study.terms.sensitivity_seeds))
    assert seen == {"sgd": few, "adam": few, "tuned": list(range(40))}
    carry_out(fixed, study)
    assert seen["sgd"] == seen["adam"] == list(range(40))


def test_an_experiment_trains_where_it_is_declared_to_return_a_design():
    """Those of the folder that is called so all do, and no other."""
    assert {name for name in EXPERIMENTS if trains(name)} == {
        name for name, function in EXPERIMENTS.items() if function.__module__.startswith(trained.__name__)
    }


def test_a_mistake_that_only_the_experiment_knows_is_a_usage_error():
    """It is raised while the design is made."""
    told = {"arms": "mse", "direction": "worse", "datasets": "moons", "outliers": 0.1, "kinds": "label"}
    claim = Claim("x", "y", arguments=told)
    with pytest.raises(BadValue, match="write a loss and its rivals"):
        EXPERIMENTS["outliers"](claim, Study(read_terms()), **arguments_for(claim, "outliers"))
