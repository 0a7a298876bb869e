"""A loss of which some trainings were lost is not judged by those that are left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.stats.difference import fair
from lossbench.stats.pairs import compare_pairs
from lossbench.stats.summary import summarise

from .runs import clean, with_failed
from .synthetic import score_tables, table

WORDS = ["better", "worse", "equivalent", "inconclusive"]
OPPOSITE = {"better": "worse", "worse": "better"}
NOISE = np.random.default_rng(0).normal(scale=0.004, size=(2, 8))


def two(gap: float) -> dict[str, np.ndarray]:
    """Return scores of two losses, the second greater by a gap, over eight seeds."""
    return {"bce": 0.6 + NOISE[0], "mse": 0.6 + gap + NOISE[1]}


def verdict(trials: pd.DataFrame) -> tuple[str, str]:
    """Return the verdict on the second loss, from the summary and from the table of pairs."""
    return summarise(trials).verdict[1], compare_pairs(trials).verdict[0]


def without(scores: dict[str, np.ndarray], seeds: int, *losses: str) -> pd.DataFrame:
    """Return the trials, of which some of a loss diverged."""
    gone = np.arange(8) < seeds
    return clean({name: np.where(gone & (name in losses), np.nan, values) for name, values in scores.items()})


@given(st.sampled_from(WORDS), st.booleans(), st.booleans())
def test_a_verdict_turned_round_is_the_opposite(word: str, first: bool, second: bool) -> None:
    """What may be said of the second loss against the first may be said of the first against the second."""
    turned = fair(np.array([OPPOSITE.get(word, word)]), np.array([second]), np.array([first]))[0]
    found = fair(np.array([word]), np.array([first]), np.array([second]))[0]
    assert turned == OPPOSITE.get(found, found)
    assert found in (word, "inconclusive")


@pytest.mark.parametrize("gap", [-0.1, 0.0, 0.1])
def test_without_losses_of_trainings_a_verdict_stands(gap: float) -> None:
    """Where all trainings ended well, the verdict is that of the test."""
    word = {-0.1: "worse", 0.0: "equivalent", 0.1: "better"}[gap]
    assert verdict(clean(two(gap))) == (word, word)


@settings(deadline=None, max_examples=25)
@given(seeds=st.integers(1, 8))
@pytest.mark.parametrize("gap", [-0.1, 0.0, 0.1])
def test_a_loss_that_diverged_is_never_better_nor_equivalent(gap: float, seeds: int) -> None:
    """However well it did on the seeds that are left; that it is worse on them may be said."""
    enough = seeds < 7  # of one seed nothing is told from chance
    word = "worse" if gap < 0 and enough else "inconclusive"
    assert verdict(without(two(gap), seeds, "mse")) == (word, word)


@pytest.mark.parametrize("gap", [-0.1, 0.0, 0.1])
def test_no_loss_is_worse_than_a_reference_that_diverged(gap: float) -> None:
    """The seeds that are left speak too well of the reference: a loss can be better, and nothing else."""
    word = "better" if gap > 0 else "inconclusive"
    assert verdict(without(two(gap), 2, "bce")) == (word, word)
    assert verdict(without(two(gap), 2, "bce", "mse")) == ("inconclusive", "inconclusive")


def test_a_loss_that_failed_is_treated_alike() -> None:
    """A training that failed is lost as one that diverged is."""
    trials = clean(two(0.1))
    failed = with_failed(trials, "mse")
    assert verdict(trials) == ("better", "better")
    assert verdict(trials.where(trials.seed > 1, failed).astype(trials.dtypes)) == ("inconclusive", "inconclusive")


@settings(deadline=None, max_examples=25)
@given(scores=score_tables())
def test_more_seeds_do_not_decide_what_was_lost(scores: dict[str, np.ndarray]) -> None:
    """Where the verdict is open and trainings were lost, no number of seeds is promised."""
    summary = summarise(table(scores))
    lost = (summary.diverged + summary.failed > 0).to_numpy()
    still_open = (summary.verdict == "inconclusive").to_numpy() & (lost | lost[0])
    assert summary.more_seeds[still_open].isna().all()


def test_a_loss_that_got_there_and_diverged_is_not_faster() -> None:
    """The target was reached before the training diverged: that is no speed to be praised."""
    trials = clean({"bce": np.full(8, 0.75), "mse": np.array([1.0, 0.95] * 4)})
    assert summarise(trials).epochs_to_target_verdict[1] == "faster"
    gone = (trials.loss == "mse") & (trials.seed == 3)
    assert summarise(trials.assign(status=trials.status.mask(gone, "diverged"))).epochs_to_target_verdict[1] == (
        "inconclusive"
    )
