"""Looks: what is spent, and how often a false verdict is found where nothing differs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossbench.stats.answer.looks import correction, planned
from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import gatekept
from lossbench.stats.paired import over_seeds

STUDIES, LOSSES, MOST = 2000, 4, 40


@given(st.integers(1, 10_000))
def test_the_last_look_is_after_all_seeds(most: int) -> None:
    """Looks ascend, are three at most, and none but a lone one is after fewer than five seeds."""
    counts = planned(most)
    assert counts[-1] == most
    assert list(counts) == sorted(set(counts))
    assert len(counts) <= 3
    assert counts == (most,) or min(counts) >= 5


@given(st.integers(1, 500), st.lists(st.integers(1, 500), max_size=6))
def test_no_more_than_the_level_is_spent(most: int, more: list[int]) -> None:
    """Whatever the looks are, also those that nobody planned: their levels add up to that of one look at most."""
    counts = sorted({0, most, *(count for count in more if count < most)})
    levels = [ALPHA / correction(before, now, most) for before, now in pairwise(counts)]
    assert all(correction(before, now, most) >= 1 for before, now in pairwise(counts))
    assert abs(sum(levels) - ALPHA) < 1e-12


def test_a_single_look_is_not_corrected() -> None:
    """All seeds at once are tested as ever."""
    assert correction(0, 17, 17) == 1.0


def smallest_p() -> np.ndarray:
    """Return the smallest corrected p of all pairs at each look, of studies of equal losses, (studies, looks)."""
    scores = np.random.default_rng(0).normal(size=(STUDIES, LOSSES, MOST))
    first, second = np.triu_indices(LOSSES, 1)
    found = np.empty((STUDIES, len(planned(MOST))))
    for look, seeds in enumerate(planned(MOST)):
        apart = scores[:, second, :seeds] - scores[:, first, :seeds]
        p_values = over_seeds(apart, shared=0.0).at().p_value()
        found[:, look] = [gatekept(p, first == 0).min() for p in p_values]
    return found


def test_equal_losses_are_told_apart_on_one_study_in_twenty_at_most() -> None:
    """At any look, in any pair; without the correction more often, with it no more than the level."""
    found = smallest_p()
    factors = np.array([correction(*look, most=MOST) for look in pairwise((0, *planned(MOST)))])
    noise = 2 * np.sqrt(ALPHA * (1 - ALPHA) / STUDIES)
    once, ever = (found[:, -1] < ALPHA).mean(), (found < ALPHA).any(axis=1).mean()
    corrected = (found * factors < ALPHA).any(axis=1).mean()
    assert once < ALPHA + noise
    assert ever > ALPHA + 2 * noise
    assert corrected < ALPHA + noise
