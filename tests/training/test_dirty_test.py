"""Trainings that are tested on dirtier rows than they saw: the same in every engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lossbench.training import loop
from lossbench.training.trial import Trial

from .cases import ENGINES, FAST, packs_of, same_bits, trial

NAMES = ("iris", "linnerud", "digit_pairs:classes=5:rows=10")


def trials_on(name: str) -> list[Trial]:
    """A clean training, and the same one tested on two shares and kinds; on two seeds."""
    model = "mlp:8,4" if name.startswith("digit") else "mlp:8"
    dirt = [("none", 0.0), ("feature_at_test", 0.2), ("feature_at_test", 0.5), ("feature_one_sided_at_test", 0.2)]
    axes = [(seed, kind, share) for seed in (0, 1) for kind, share in dirt]
    return [
        trial(name, model=model, seed=seed, outlier_kind=kind, outlier_fraction=share)
        for seed, kind, share in axes
    ]


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("name", NAMES)
def test_engines_agree_on_dirty_test_rows(train, name: str) -> None:
    """The outputs for test rows are those of the loop, to 1e-10."""
    for group in packs_of(name, trials_on(name)):
        found, wanted = train(group, torch.float64), loop.train(group, torch.float64)
        for field in ("curve", "last", "best"):
            np.testing.assert_allclose(getattr(found, field), getattr(wanted, field), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("train", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_only_the_test_is_another(train, name: str) -> None:
    """Training, validation and the outputs for rows that stay are those of the clean training, bit by bit."""
    for group in packs_of(name, trials_on(name)):
        found = train(group, torch.float32)
        for index, one in enumerate(group.trials):
            clean = next(i for i, t in enumerate(group.trials) if (t.seed, t.outlier_kind) == (one.seed, "none"))
            np.testing.assert_array_equal(found.curve[index], found.curve[clean])
            np.testing.assert_array_equal(found.train_loss[index], found.train_loss[clean])
            moved = (group.tested[index].features != group.tested[clean].features).any(axis=1)
            assert moved.sum() == round(one.outlier_fraction * len(moved))
            same = (found.last[index] == found.last[clean]).all(axis=1)
            np.testing.assert_array_equal(same[~moved], True)
            assert not same.all() or not moved.any()


@pytest.mark.parametrize("train", ENGINES)
def test_a_dirty_test_is_the_same_alone(train) -> None:
    """To the last bit, whatever is tested beside it."""
    (group,) = packs_of("iris", trials_on("iris"))
    together = train(group, torch.float32)
    for index, one in enumerate(group.trials):
        (alone,) = packs_of("iris", [one])
        same_bits(train(alone, torch.float32), together, [index])
