"""Families of tests: corrected together, primary questions first, and rarely wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import KEPT, gatekept, holm

p_values = st.lists(st.floats(0.0, 1.0) | st.just(float("nan")), min_size=2, max_size=12).map(np.array)


@st.composite
def families(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw p values, some undefined, and which of them are primary."""
    found = draw(p_values)
    return found, np.array(draw(st.lists(st.booleans(), min_size=len(found), max_size=len(found))))


def rejected(p: np.ndarray, primary: np.ndarray, level: float) -> np.ndarray:
    """Carry the procedure out at one level, step by step, as its authors state it."""
    told = np.zeros(len(p), dtype=bool)
    first, m = np.flatnonzero(primary & ~np.isnan(p)), int((primary & ~np.isnan(p)).sum())
    for step, index in enumerate(sorted(first, key=lambda index: p[index])):
        if p[index] > level * (KEPT / (m - step) + (1 - KEPT) / m):
            break
        told[index] = True
    retained = m - told.sum()
    left = level if not retained else level - level * (KEPT + (1 - KEPT) * retained / m)
    second = np.flatnonzero(~primary & ~np.isnan(p))
    for step, index in enumerate(sorted(second, key=lambda index: p[index])):
        if not left or p[index] > left / (len(second) - step):
            break
        told[index] = True
    return told


@given(families(), st.sampled_from([0.01, 0.05, 0.2]))
def test_adjusted_p_values_are_those_of_the_procedure(family, level) -> None:
    """A test is significant at a level exactly where the procedure, carried out at that level, rejects it."""
    p, primary = family
    if primary.all() or not (primary & ~np.isnan(p)).any():
        return
    adjusted = gatekept(p, primary)
    decided = np.abs(np.nan_to_num(adjusted) - level) > 1e-9
    assert ((adjusted <= level) == rejected(p, primary, level))[decided].all()


@given(families(), st.randoms(use_true_random=False))
def test_neither_the_order_nor_later_questions_move_a_primary_one(family, random) -> None:
    """Tests in another order have the same p values; what is asked later has no say in what is asked first."""
    p, primary = family
    order = random.sample(range(len(p)), len(p))
    np.testing.assert_array_equal(gatekept(p, primary)[order], gatekept(p[order], primary[order]))
    if not primary.all():
        changed = np.where(primary, p, p / 2)  # what could not be made is no question
        np.testing.assert_array_equal(gatekept(p, primary)[primary], gatekept(changed, primary)[primary])


@given(p_values)
def test_a_family_of_primary_questions_is_holms(p) -> None:
    """Where nothing is asked later, nothing is kept for it; and no p value gets smaller by being corrected."""
    np.testing.assert_array_equal(gatekept(p, np.ones(len(p), dtype=bool)), holm(p))
    known = ~np.isnan(p)
    assert (holm(p)[known] >= p[known]).all()


@pytest.mark.parametrize("equal", [6, 4, 3, 2])
def test_a_family_is_seldom_wrong(equal: int) -> None:
    """Of six losses, the first so many are equal and the others far away: 5 % of families have a false result."""
    first, second = np.triu_indices(6, 1)
    means = np.random.default_rng(1).normal(size=(4000, 6)) + np.where(np.arange(6) < equal, 0, 9)
    p = 2 * norm.sf(np.abs(means[:, second] - means[:, first]) / np.sqrt(2))
    null = (first < equal) & (second < equal) | (first >= equal) & (second >= equal)
    wrong = sum(bool((gatekept(row, first == 0) <= ALPHA)[null].any()) for row in p)
    assert binomtest(wrong, len(p), ALPHA, alternative="greater").pvalue > 0.001
