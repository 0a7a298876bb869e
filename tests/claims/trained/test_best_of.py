from __future__ import annotations

import pytest

from claims.designs import carry_out
from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.deciding import judge_all
from lossbench.claims.trained.best_of import best_of, best_on_validation, contrasts_of
from lossbench.errors import LossDoesNotFit, UsageError
from lossbench.losses.registry import losses_of

from ..made_up import made_up

STUDY = Study(read_terms())
SCORES = {"mse": 0.8, "mape": 0.5, "huber": 0.8, "mae": 0.7}


def words(**changes):
    """Return what is said of the best of mse, mape and msle, which does not fit, where losses score as planted."""
    scores = SCORES | changes
    cell = made_up(lambda loss, share: scores[loss], list(scores), [0.1])
    found = judge_all(list(contrasts_of(("mse", "mape", "msle"), cell, "r2", STUDY)))
    assert [line.case.split()[-1] for line in found if line.role == "unit"] == [
        max(("huber", "mae"), key=scores.get)
    ]
    return {line.case: line.verdict for line in found}


def test_the_best_of_the_recommended_losses_is_held_against_all_others():
    """Not against the other recommended one; a better loss contradicts, an equal or worse one does not.

    The best of the others decides, and the rest is shown.
    """
    assert words() == {"mse vs huber": "reproduced", "mse vs mae": "reproduced"}
    assert words(huber=0.9) == {"mse vs huber": "contradicted", "mse vs mae": "reproduced"}
    assert words(mape=0.9, huber=0.85) == {"mape vs huber": "reproduced", "mape vs mae": "reproduced"}


def test_the_best_is_chosen_on_validation_and_never_on_test():
    """Scores of the test part that say the opposite change nothing."""
    cell = made_up(lambda loss, share: SCORES[loss], list(SCORES), validation=lambda loss, share: -SCORES[loss])
    assert best_on_validation(cell, ["mse", "mape"]) == "mape"


def test_a_recommended_loss_must_fit_some_of_the_data_only():
    """A relative error is undefined where targets are zero; where no recommended loss fits, that is said."""
    claim = Claim("x", "y")
    best_of(claim, STUDY, arms=("mse", "mape"), datasets=("friedman1",)).check(STUDY)
    with pytest.raises(LossDoesNotFit, match="away from zero"):
        best_of(claim, STUDY, arms=("mape",), datasets=("friedman1",))


def test_every_other_loss_of_the_task_is_met_but_those_that_are_the_same(study):
    """The whole catalogue, each once, and what goes by another name left out."""
    found = carry_out(best_of(Claim("x", "y"), study, arms=("mse", "ce"), datasets=("diabetes",)), study)
    same = {record.name for record in losses_of("regression") if record.placebo is not None}
    others = {record.name for record in losses_of("regression")} - same - {"mse"}
    assert {line.case for line in found} <= {f"mse vs {loss}" for loss in others}
    assert {f"mse vs {loss}" for loss in ("mae", "huber", "tukey")} <= {line.case for line in found}
    assert same


@pytest.mark.parametrize(
    "changes", [{"arms": ("hubber",)}, {"arms": ("ce",)}, {"score": ("accuracy",)}, {"datasets": ("diabetis",)}]
)
def test_what_cannot_be_trained_is_refused_before(changes):
    """An unknown loss, none for the task, a score that the task does not have, an unknown data set."""
    with pytest.raises(UsageError):
        best_of(Claim("x", "y"), STUDY, **({"arms": ("mse",), "datasets": ("diabetes",)} | changes))
