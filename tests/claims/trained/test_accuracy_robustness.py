from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.design import judged
from lossbench.claims.trained.accuracy_robustness import (
    accuracy_robustness,
    by_dataset,
    found_in,
    front,
    most_accurate,
)
from lossbench.claims.trained.best_of import distinct_losses

from ..made_up import made_up

STUDY = Study(read_terms())
points = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1
)


def found(clean, dirty):
    """Return both lines on losses that score as planted after clean and after contaminated training."""
    cell = made_up(lambda loss, share: (dirty if share else clean)[loss], list(clean), [0.0, 0.2])
    lines = by_dataset(judged(found_in(cell, STUDY)))
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
    ahead = front(placed)

    def beaten(loss):
        x, y = placed[loss]
        return any(placed[other][0] > x and placed[other][1] > y for other in ahead)

    assert {loss for loss in placed if not beaten(loss)} == set(ahead)


def test_the_whole_catalogue_is_trained_on_both_tasks(study):
    """Two lines a protocol and data set, the second with the losses that no other beats; then all levels."""
    design = accuracy_robustness(
        Claim("x", "y"), study, regression=("diabetes",), binary=("moons",), outliers=(0.2,)
    )
    lines = design.carry_out(study)
    told = [line for line in lines if line.aspect != "level"]
    assert len(told) == 2 * 2 * 3
    assert all("not beaten in both" in line.note for line in told[1::2])
    assert len(lines) - len(told) == 2 * 3 * sum(len(distinct_losses(task)) for task in ("regression", "binary"))
