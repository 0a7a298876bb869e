"""Laws to be imitated: what is drawn, that noise tells nothing, and what a start moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import load_dataset, make_fold

LAWS = ("mixture", "eight_gaussians", "crescents")
every_law = pytest.mark.parametrize("name", LAWS)


@settings(deadline=None, max_examples=10)
@given(rows=st.integers(50, 300))
@every_law
def test_rows_are_as_asked_and_seeds_share_none(name, rows) -> None:
    """As many rows as asked for; each seed has noise and samples of its own, and always the same."""
    law = load_dataset(f"{name}:rows={rows}")
    first, second = law.sample(0), law.sample(1)
    assert first.rows == second.rows == rows
    for part in ("features", "target"):
        assert not np.isin(getattr(first, part), getattr(second, part)).any()
        np.testing.assert_array_equal(getattr(first, part), getattr(law.sample(0), part))


@every_law
def test_the_noise_says_nothing_of_the_sample_beside_it(name) -> None:
    """Both are independent, and the noise is standard normal."""
    law = load_dataset(f"{name}:rows=20000")
    both = np.corrcoef(np.column_stack([law.features, law.target]).T)[:4, 4:]
    assert np.abs(both).max() < 0.03
    assert np.abs(law.features.mean(0)).max() < 0.03
    assert np.abs(law.features.std(0) - 1).max() < 0.03


@pytest.mark.parametrize("name", LAWS[:2])
def test_modes_are_where_the_samples_are(name) -> None:
    """Nearly all samples are within a mode, and each has its share of them."""
    law = load_dataset(f"{name}:rows=20000")
    distances = np.linalg.norm(law.target[:, None] - law.modes.centres, axis=-1)
    within = distances <= law.modes.radius
    assert within.any(axis=1).mean() > 0.98
    assert within.sum(axis=1).max() == 1
    np.testing.assert_allclose(within.mean(0), law.modes.shares, atol=0.02)


def test_crescents_without_noise_lie_on_circles() -> None:
    """Each point is on one of two half circles of radius one."""
    points = load_dataset("crescents:noise=0").target
    upper, lower = (np.linalg.norm(points - centre, axis=1) for centre in ([0.0, 0.0], [1.0, 0.5]))
    assert (np.isclose(upper, 1) | np.isclose(lower, 1)).all()
    assert np.isclose(upper, 1).mean() == pytest.approx(0.5, abs=0.1)


@every_law
def test_a_start_moves_what_is_learnt_and_nothing_that_is_scored(name) -> None:
    """From afar the standardised samples are that far away in every target; in their own units they stay."""
    near, far = (make_fold(load_dataset(spec), 3) for spec in (name, f"{name}:start=10"))
    np.testing.assert_array_equal(near.dataset.target, far.dataset.target)
    for fold, start in ((near, 0), (far, 10)):
        np.testing.assert_allclose(fold.train.target.mean(0), start, atol=1e-9)
        np.testing.assert_allclose(fold.train.target.std(0), 1)
        there = fold.test.target * fold.target_scale + fold.target_mean
        np.testing.assert_allclose(there, fold.dataset.target[fold.test.rows], atol=1e-12)
