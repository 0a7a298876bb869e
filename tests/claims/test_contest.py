from __future__ import annotations

import pytest

from lossbench.claims import Claim, try_claims
from lossbench.claims.contest import bouts, contest
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName
from lossbench.losses.registry import core_losses

CLAIM = Claim("x", "y", reported={"bce accuracy": "0.859", "mse accuracy": "0.743"})


def test_a_name_with_several_readings_is_tried_in_all_of_them(study):
    """The name mse is three losses on two classes, two on several, and one where nothing else is meant."""
    found = {bout.task: bout for bout in bouts(study, ("mse", "mae"), ("accuracy",), ("moons", "iris"))}
    assert found["binary"].first == ("mse", "mse_logits", "mse_pm1")
    assert found["multiclass"].first == ("mse", "mse_logits")
    (regression,) = bouts(study, ("mse", "mae"), ("r2",), ("diabetes",))
    assert regression.first == ("mse",)
    (pinned,) = bouts(study, ("brier", "bce"), ("accuracy",), ("moons",))
    assert pinned.first == ("brier",)


def test_one_arm_alone_meets_every_other_core_loss(study):
    """But not its own readings."""
    (bout,) = bouts(study, ("mse",), ("accuracy",), ("moons",))
    assert set(bout.others) == set(core_losses("binary")) - set(bout.first)


def test_without_data_sets_those_that_fit_are_taken(study):
    """Of the default experiment, by task and score."""
    found = {bout.task: bout.datasets for bout in bouts(study, ("focal", "bce"), ("f1",))}
    assert found == {
        "binary": ("breast_cancer", "moons", "imbalanced"),
        "multiclass": ("iris", "wine", "digits"),
        "multilabel": ("multilabel",),
    }


@pytest.mark.parametrize(
    ("arms", "score", "datasets", "error", "message"),
    [
        (("hubber", "mse"), ("r2",), (), UnknownName, "unknown loss 'hubber'; did you mean 'huber'"),
        (("mae", "mse"), ("r3",), (), UnknownName, "unknown score 'r3'; did you mean 'r2'"),
        (("mae", "mse"), ("r2",), ("moons",), BadValue, "'moons' is a binary data set, which has no r2"),
        (
            ("mae", "mse"),
            ("r2",),
            ("diabetis",),
            UnknownName,
            "unknown data set 'diabetis'; did you mean 'diabetes'",
        ),
        (("huber", "mse"), ("accuracy",), ("moons",), LossDoesNotFit, "loss 'huber' does not fit the task binary"),
        (("huber", "ce"), ("accuracy",), (), LossDoesNotFit, "does not fit"),
        (
            ("bce", "constant"),
            ("f1",),
            ("moons",),
            BadValue,
            "scored by accuracy on 'moons'; write score = \"accuracy\"",
        ),
    ],
)
def test_a_contest_that_cannot_be_held_is_refused(study, arms, score, datasets, error, message):
    """It says what does not exist or does not fit."""
    with pytest.raises(error, match=message):
        bouts(study, arms, score, datasets)


def test_every_comparison_is_there(study):
    """Each protocol, data set, contaminated share, score and pair, once; the reported difference beside it."""
    evidence = contest(
        CLAIM,
        study,
        arms=("bce", "mse"),
        score=("accuracy",),
        direction="better",
        datasets=("moons", "breast_cancer"),
        outliers=(0.0, 0.1),
    )
    ordered = [line for line in evidence if not line.what.startswith("size")]
    assert len(ordered) == 3 * 2 * 2 * 3
    assert len({(line.protocol, line.dataset, line.what, line.case) for line in evidence}) == len(evidence)
    assert {line.what for line in ordered} == {"accuracy", "accuracy with 10% label outliers"}
    assert {line.case for line in ordered} == {"bce vs mse", "bce vs mse_logits", "bce vs mse_pm1"}
    assert {line.n for line in evidence} == {3}
    assert {round(line.reported, 9) for line in evidence if line.what.startswith("size")} == {0.116}
    assert all(("rate" in line.note) == (line.protocol == "tuned") for line in ordered)


def test_a_placebo_is_never_better(study):
    """Two-class softmax is the same function: no verdict calls either better."""
    evidence = contest(
        CLAIM, study, arms=("focal:gamma=0", "bce"), score=("accuracy",), direction="better", datasets=("moons",)
    )
    assert {line.verdict for line in evidence} <= {"equivalent", "inconclusive"}


def test_an_undefined_score_is_not_testable(study):
    """A hinge loss has no probabilities to score."""
    evidence = contest(
        Claim("x", "y"), study, arms=("bce", "hinge"), score=("brier",), direction="better", datasets=("moons",)
    )
    assert {(line.verdict, line.n) for line in evidence} == {("not testable", 0)}


def test_a_constant_answer_is_an_arm(study):
    """A network that has seen the data beats it, and the claim that it does not is contradicted somewhere."""
    evidence = contest(
        Claim("x", "y"),
        study,
        arms=("bce", "constant"),
        score=("accuracy",),
        direction="better",
        datasets=("breast_cancer",),
    )
    adam = [line for line in evidence if line.protocol == "adam"]
    assert [line.verdict for line in adam] == ["reproduced"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("outliers = 2", "outliers: 2 is out of range"),
        ("outlier_kind = 'target'", "a binary data set has no 'target' contamination"),
        ("model = 'mlp:x'", "widths are positive whole numbers"),
        ("datasets = 'diabetes'", "which has no accuracy"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_before_training(written, study, monkeypatch, line, message):
    """With the place of the claim."""
    monkeypatch.setattr("lossbench.api.execute", None)
    text = "[claims.a]\nclaim = 'a'\narms = ['bce', 'mse']\nscore = 'accuracy'\ndirection = 'better'\n"
    catalogue = written(text + ("" if "datasets" in line else "datasets = 'moons'\n") + line)
    with pytest.raises(Exception, match=f"key 'claims.a': .*{message}"):
        try_claims(catalogue, catalogue.find(), study)
