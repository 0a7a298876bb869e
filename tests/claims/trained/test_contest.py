from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from claims.designs import carry_out
from lossbench.claims import Claim, Study, read_terms, try_claims
from lossbench.claims.cell import CONSTANT
from lossbench.claims.deciding import judge_all
from lossbench.claims.trained.contest import Mismatch, Pairing, contest, contrasts_of, mismatch, pairings
from lossbench.errors import BadValue, LossDoesNotFit, UnknownName, UsageError
from lossbench.losses.registry import core_losses

from ..made_up import made_up

CLAIM = Claim("x", "y", reported={("bce", "accuracy"): "0.859", ("mse", "accuracy"): "0.743"})
STUDY = Study(read_terms())
SCORES = {"mse": 0.8, "mae": 0.7, "tukey": 0.6, CONSTANT: 0.0}


def test_a_name_with_several_readings_is_tried_in_all_of_them(study):
    """The name mse is three losses on two classes, two on several, and one where nothing else is meant."""
    found = {
        pairing.task: pairing for pairing in pairings(study, ("mse", "mae"), ("accuracy",), ("moons", "iris"))
    }
    assert found["binary"].first == ("mse", "mse_logits", "mse_pm1")
    assert found["multiclass"].first == ("mse", "mse_logits")
    (regression,) = pairings(study, ("mse", "mae"), ("r2",), ("diabetes",))
    assert regression.first == ("mse",)
    (pinned,) = pairings(study, ("brier", "bce"), ("accuracy",), ("moons",))
    assert pinned.first == ("brier",)


def test_one_arm_alone_meets_every_other_core_loss(study):
    """But not its own readings."""
    (pairing,) = pairings(study, ("mse",), ("accuracy",), ("moons",))
    assert set(pairing.others) == set(core_losses("binary")) - set(pairing.first)


def test_without_data_sets_those_that_fit_are_taken(study):
    """Of the default experiment, by task and score."""
    found = {pairing.task: pairing.datasets for pairing in pairings(study, ("focal", "bce"), ("f1",))}
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
    ],
)
def test_a_contest_that_cannot_be_held_is_refused(study, arms, score, datasets, error, message):
    """It says what does not exist or does not fit."""
    with pytest.raises(error, match=message):
        pairings(study, arms, score, datasets)


def test_every_comparison_is_there(study):
    """Each protocol, data set, contaminated share, score and pair, once; the reported difference beside it."""
    evidence = carry_out(
        contest(
            CLAIM,
            study,
            arms=("bce", "mse"),
            score=("accuracy",),
            direction="better",
            datasets=("moons", "breast_cancer"),
            outliers=(0.0, 0.1),
        ),
        study,
    )
    ordered = [line for line in evidence if line.aspect != "size"]
    assert len(ordered) == 3 * 2 * 2 * 3
    assert len({(line.protocol, line.dataset, line.what, line.case) for line in evidence}) == len(evidence)
    assert {line.what for line in ordered} == {"accuracy", "accuracy with 10% label outliers"}
    assert {line.case for line in ordered} == {"bce vs mse", "bce vs mse_logits", "bce vs mse_pm1"}
    assert {(line.n, line.over) for line in evidence if line.dataset == "moons"} == {(3, "seeds")}
    table = [line for line in evidence if line.dataset == "breast_cancer"]
    assert {line.over for line in table if not line.contamination} == {"rows"}
    assert {line.role for line in evidence if line.protocol == "tuned"} == {"unit"}
    assert {line.role for line in evidence if line.protocol != "tuned"} == {"sensitivity"}
    assert {round(line.reported, 9) for line in evidence if line.aspect == "size"} == {0.116}
    assert all(("rate" in line.note) == (line.protocol == "tuned") for line in ordered)


PAIRING = Pairing(
    "regression", ("made up",), ("mse",), ("mse", "mae", "tukey", CONSTANT), dict.fromkeys(SCORES, "arm")
)


def test_every_other_arm_that_was_trained_is_met_and_no_loss_meets_itself():
    """The difference is that of the scores, seed by seed, and of a constant answer its own score."""
    cell = made_up(lambda loss, share: SCORES[loss], ["mse", "mae"])
    found = {made.line.case: made for made in contrasts_of(PAIRING, cell, "r2", Claim("x", "y"), STUDY, "better")}
    assert list(found) == ["mse vs mae", "mse vs constant"]
    against = cell.of("r2", "mse") - cell.of("r2", "mae")
    assert found["mse vs mae"].spread.mean == pytest.approx(against.mean())
    assert found["mse vs constant"].spread.mean == pytest.approx(cell.of("r2", "mse").mean())


def test_a_training_that_diverged_scores_as_the_constant_answer():
    """It has learnt nothing: so it counts against its loss, and for the other."""
    cell = made_up(lambda loss, share: SCORES[loss], ["mse", "mae"])
    cell.trials.loc[cell.trials.loss == "mse", ["status", "r2"]] = ["diverged", np.nan]
    (line,) = judge_all([cell.compared("r2", ("mse", "mae"), "better", STUDY)])
    assert (line.verdict, line.diverged) == ("contradicted", 10)
    assert line.measured == pytest.approx(-0.7, abs=0.01)


def test_each_arm_is_named_with_its_own_rate_where_rates_are_tuned():
    """A constant answer has none, and nor has a protocol with one rate for all."""
    cell = replace(made_up(lambda loss, share: SCORES[loss], ["mse", "mae"]), protocol="tuned")
    lr = np.where(cell.trials.loss == "mse", 0.3, 0.01)
    tuned = replace(cell, trials=cell.trials.assign(lr=lr))
    notes = [made.line.note for made in contrasts_of(PAIRING, tuned, "r2", Claim("x", "y"), STUDY, "better")]
    assert notes == ["mse at rate 0.3, mae at rate 0.01", "mse at rate 0.3"]
    fixed = replace(cell, protocol="sgd")
    assert not any(m.line.note for m in contrasts_of(PAIRING, fixed, "r2", Claim("x", "y"), STUDY, "better"))


def test_a_reported_difference_is_tried_beside_the_direction():
    """It is reproduced where the measured one is the same, and contradicted where it is another."""
    cell = made_up(lambda loss, share: SCORES[loss], ["mse", "mae"])
    pairing = replace(PAIRING, others=("mae",), arms={"mse": "mse", "mae": "mae"})
    for told, word in (("0.7", "reproduced"), ("0.5", "contradicted")):
        claim = Claim("x", "y", reported={("mse", "r2"): "0.8", ("mae", "r2"): told})
        order, size = judge_all(list(contrasts_of(pairing, cell, "r2", claim, STUDY, "better")))
        assert (order.verdict, size.verdict) == ("reproduced", word)
        assert size.reported == pytest.approx(0.8 - float(told))


def test_a_placebo_is_never_better(study):
    """Two-class softmax is the same function: no verdict calls either better."""
    evidence = carry_out(
        contest(
            CLAIM,
            study,
            arms=("focal:gamma=0", "bce"),
            score=("accuracy",),
            direction="better",
            datasets=("moons",),
        ),
        study,
    )
    assert {line.verdict for line in evidence} <= {"equivalent", "inconclusive"}


def test_an_undefined_score_is_not_testable(study):
    """A hinge loss has no probabilities to score."""
    evidence = carry_out(
        contest(
            Claim("x", "y"),
            study,
            arms=("bce", "hinge"),
            score=("brier",),
            direction="better",
            datasets=("moons",),
        ),
        study,
    )
    assert {(line.verdict, line.n) for line in evidence} == {("not testable", 0)}


def test_a_constant_answer_is_an_arm(study):
    """A network that has seen the data beats it, and the claim that it does not is contradicted somewhere."""
    evidence = carry_out(
        contest(
            Claim("x", "y"),
            study,
            arms=("bce", "constant"),
            score=("accuracy",),
            direction="better",
            datasets=("breast_cancer",),
        ),
        study,
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
    monkeypatch.setattr("lossbench.results.comparison.execute", None)
    text = "[claims.a]\nclaim = 'a'\narms = ['bce', 'mse']\nscore = 'accuracy'\ndirection = 'better'\n"
    catalogue = written(text + ("" if "datasets" in line else "datasets = 'moons'\n") + line)
    with pytest.raises(Exception, match=f"key 'claims.a': .*{message}"):
        try_claims(catalogue, catalogue.find(), study)


REFUSED = Mismatch("huber", "bce", ("breast_cancer",), ("accuracy",))
TRAINED = Mismatch("emd", "ce", ("iris", "wine"), ("accuracy",))
PLAIN = Claim("x", "y")


def test_a_loss_that_the_catalogue_refuses_is_said_and_counts_neither_way(study):
    """Its line says why; a loss that can be trained is compared under every protocol."""
    *trained, refused = carry_out(mismatch(PLAIN, study, mismatches=(TRAINED, REFUSED)), study)
    assert refused.verdict == "not testable"
    assert "serves regression" in refused.note
    assert len(trained) == 3 * 2
    assert {line.case for line in trained} == {"emd vs ce"}


def test_the_loss_that_should_fit_must_fit(study):
    """Else there is nothing to compare with."""
    with pytest.raises(UsageError):
        mismatch(PLAIN, study, mismatches=(Mismatch("bce", "huber", ("moons",), ("accuracy",)),))
