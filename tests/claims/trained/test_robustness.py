from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.designs import carry_out
from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.among import any_differs
from lossbench.claims.deciding import judge_all
from lossbench.claims.design import judged
from lossbench.claims.trained.best_of import distinct_losses
from lossbench.claims.trained.robustness import (
    Hardship,
    accuracy_robustness,
    beside_the_reference,
    by_dataset,
    contrasts_of,
    handling,
    most_accurate,
    outliers,
    pareto_front,
    skill_change,
    trade_offs_in,
)
from lossbench.errors import UsageError
from lossbench.metrics.robustness import robustness

from ..made_up import made_up

SHARES = (0.0, 0.1, 0.2, 0.4)
STUDY = Study(read_terms())


def fragile(loss, share):
    """Return the score of a loss that outliers harm, and of one that they do not."""
    return 0.8 - 2 * share if loss == "mse" else 0.7


def words(direction, arms=("mse", "clean", "mae"), rule=fragile, **made):
    """Return what is said of the arms of a planted cell."""
    cell = made_up(rule, ["mse", "mae"], SHARES, **made)
    return [line.verdict for line in judge_all(list(contrasts_of(cell, arms, direction, STUDY)))]


def test_a_loss_that_outliers_harm_is_sensitive_to_them():
    """Against itself without outliers and against a loss that bears them; the opposite claim is contradicted."""
    assert words("worse") == ["reproduced"] * 6
    assert words("not worse") == ["contradicted"] * 6
    assert words("better") == ["contradicted"] * 6
    assert words("better", ("mae", "mse")) == ["reproduced"] * 3


def test_a_loss_that_outliers_leave_alone_is_not():
    """Nothing is lost, so that neither claim of sensitivity holds."""
    assert words("not worse", rule=lambda loss, share: 0.8) == ["reproduced"] * 6
    assert words("worse", rule=lambda loss, share: 0.8) == ["equivalent"] * 6


def test_the_level_of_a_score_is_no_robustness():
    """Two losses that lose alike are alike, however much better one of them is."""
    assert (
        words("worse", ("mse", "mae"), lambda loss, share: 0.9 * (loss == "mse") - share * 0 + 0.05)
        == ["equivalent"] * 3
    )


def test_the_order_of_the_trials_does_not_matter():
    """Seeds are paired by their numbers, not by their rows."""
    straight, shuffled = (made_up(fragile, ["mse", "mae"], SHARES, shuffled=flag).scores for flag in (False, True))
    for loss in ("mse", "mae"):
        np.testing.assert_array_equal(skill_change(straight, loss), skill_change(shuffled, loss))


@pytest.mark.parametrize(("loss", "verdict"), [("mse", "reproduced"), ("mae", "inconclusive")])
def test_a_training_that_diverges_on_clean_data_counts_against_its_loss(loss, verdict):
    """What it would lose is not known: the others may show their loss to be worse, and nothing else."""
    cell = made_up(fragile, ["mse", "mae"], SHARES)
    gone = (cell.trials.loss == loss) & (cell.trials.seed == 3) & (cell.trials.outlier_fraction == 0)
    cell.trials.loc[gone, ["status", "r2"]] = ["diverged", np.nan]
    lines = judge_all(list(contrasts_of(cell, ("mse", "mae"), "worse", STUDY)))
    assert [line.verdict for line in lines] == [verdict] * 3
    assert f"{loss} diverged 1 times" in lines[0].note


def test_a_training_that_diverges_on_contaminated_data_has_lost_all_its_skill():
    """It is no seed to be left out: the claim that the loss suffers is reproduced by it."""
    cell = made_up(lambda loss, share: 0.7, ["mse", "mae"], SHARES)
    gone = (cell.trials.loss == "mse") & (cell.trials.outlier_fraction == 0.4)
    cell.trials.loc[gone, ["status", "r2"]] = ["diverged", np.nan]
    lines = judge_all(list(contrasts_of(cell, ("mse", "mae"), "worse", STUDY)))
    assert [line.verdict for line in lines] == ["equivalent", "equivalent", "reproduced"]
    assert lines[-1].measured == pytest.approx(-0.7, abs=0.01)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.1, 0.9), min_size=4, max_size=4))
def test_the_change_of_skill_is_the_area_before_it_is_normalised(curve):
    """Area · skill(0) - skill(0), by the robustness of the metrics."""
    cell = made_up(lambda loss, share: curve[SHARES.index(share)], ["mse"], SHARES, spread=0.0)
    area = robustness(np.array(SHARES), np.array([curve])).area[0]
    assert skill_change(cell.scores, "mse") == pytest.approx(area * curve[0] - curve[0], abs=1e-12)


def test_outliers_are_trained_under_every_protocol(study):
    """A line for each protocol, data set, kind, share and rival."""
    found = carry_out(
        outliers(
            Claim("x", "y"),
            study,
            arms=("mse", "clean", "mae"),
            direction="worse",
            datasets=("diabetes",),
            outliers=(0.4,),
            kinds=("target", "feature"),
        ),
        study,
    )
    assert len(found) == 3 * 2 * 2
    assert {line.case for line in found} == {"mse vs clean", "mse vs mae"}


@pytest.mark.parametrize(
    "changes",
    [{"arms": ("mse",)}, {"arms": ("mse", "hubber")}, {"kinds": ("label",)}, {"outliers": (1.5,)}],
)
def test_what_cannot_be_trained_is_refused_before(changes):
    """One arm alone, an unknown loss, a kind that the task does not have, and a share out of range."""
    asked = {"arms": ("mse", "clean"), "direction": "worse", "datasets": ("diabetes",)}
    asked |= {"outliers": (0.1,), "kinds": ("target",)}
    with pytest.raises(UsageError):
        outliers(Claim("x", "y"), STUDY, **(asked | changes)).check(STUDY)


points = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1
)


def found(clean, dirty):
    """Return both lines on losses that score as planted after clean and after contaminated training."""
    cell = made_up(lambda loss, share: (dirty if share else clean)[loss], list(clean), [0.0, 0.2])
    lines = by_dataset(judged(trade_offs_in(cell, STUDY)))
    return [line.verdict for line in lines if line.aspect != "level"]


def test_a_loss_that_is_less_accurate_and_more_robust_is_enough():
    """With the opposite order of all losses, robustness is paid for; with the same order, it is not."""
    clean = {"a": 0.9, "b": 0.7, "c": 0.5}
    assert found(clean, {"a": 0.1, "b": 0.3, "c": 0.5}) == ["reproduced", "reproduced"]
    assert found(clean, {"a": 0.5, "b": 0.3, "c": 0.1}) == ["inconclusive", "contradicted"]


def test_the_most_accurate_loss_is_chosen_on_validation():
    """Test scores that say the opposite change nothing."""
    scores = {"a": 0.9, "b": 0.7}
    cell = made_up(
        lambda loss, share: scores[loss], ["a", "b"], [0.0, 0.2], validation=lambda loss, share: -scores[loss]
    )
    assert most_accurate(cell) == "b"


@settings(deadline=None, max_examples=25)
@given(points)
def test_nothing_on_the_front_is_beaten_and_all_else_is(placed):
    """Beaten in both scores, by some loss on the front."""
    ahead = pareto_front(placed)

    def beaten(loss):
        x, y = placed[loss]
        return any(placed[other][0] > x and placed[other][1] > y for other in ahead)

    assert {loss for loss in placed if not beaten(loss)} == set(ahead)


def test_the_whole_catalogue_is_trained_on_both_tasks(study):
    """Two lines a protocol and data set, the second with the losses that no other beats; then all levels."""
    design = accuracy_robustness(
        Claim("x", "y"), study, regression=("diabetes",), binary=("moons",), outliers=(0.2,)
    )
    lines = carry_out(design, study)
    told = [line for line in lines if line.aspect != "level"]
    assert len(told) == 2 * 2 * 3
    assert all("not beaten in both" in line.note for line in told[1::2])
    assert len(lines) - len(told) == 2 * 3 * sum(len(distinct_losses(task)) for task in ("regression", "binary"))


def borne(rule, shares=(0.0, 0.2), score="r2"):
    """Return the one line on three losses in a planted cell."""
    cell = made_up(rule, ["mse", "mae", "huber"], shares, score=score)
    return any_differs(judge_all(list(beside_the_reference(cell, "outliers", STUDY))))


def test_one_loss_that_bears_outliers_otherwise_is_enough():
    """It is named; where all lose alike, the claim is contradicted, however well they score."""
    one = borne(lambda loss, share: 0.8 - 2 * share * (loss != "mae"))
    assert (one.verdict, one.note) == ("reproduced", "1 of 2 comparisons differ: mae vs mse")
    assert borne(lambda loss, share: 0.5 + 0.2 * (loss == "mae") - share).verdict == "contradicted"


def test_data_that_are_hard_as_they_are_are_judged_by_their_score():
    """Without contamination, the primary score itself is compared."""
    assert (
        borne(lambda loss, share: 0.5 + 0.2 * (loss == "mae"), (0.0,), "balanced_accuracy").verdict == "reproduced"
    )
    assert borne(lambda loss, share: 0.5, (0.0,), "balanced_accuracy").verdict == "contradicted"


def test_a_line_for_every_hardship_and_protocol(study):
    """Core losses, trained."""
    lines = carry_out(
        handling(Claim("x", "y"), study, hardships=(Hardship("outliers", ("diabetes",), "feature", (0.2,)),)),
        study,
    )
    assert [line.protocol for line in lines] == ["sgd", "adam", "tuned"]
    assert all("feature outliers" in line.what for line in lines)
