"""The benchmark measures what it says on a machine of any speed."""

from __future__ import annotations

import pytest

from lossbench.selftest import bench
from lossbench.selftest.bench import LOSSES, SHARES, make_pack, measure, multiply_adds
from lossbench.training.native import fault


def test_figures_belong_together() -> None:
    """There is one row for each size, every rate is positive, and the ratio is that of the two rates."""
    figures = measure(sizes=(1, 9), epochs=1)
    assert list(figures.models) == [1, 9]
    fastest = figures[["native_per_second", "fused_per_second"]].max(axis=1)
    assert list(figures.to_loop) == pytest.approx(list(fastest / figures.loop_per_second))
    shown = figures.drop(columns=["native_per_second", "to_fused"]) if fault() else figures
    assert (shown > 0).all(axis=None)


def test_without_a_compiled_step_the_others_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells are empty then."""
    monkeypatch.setattr(bench.native, "fault", lambda: "there is none")
    figures = measure(sizes=(1,), epochs=1)
    assert figures[["native_per_second", "to_fused"]].isna().all(axis=None)
    assert figures.to_loop[0] == pytest.approx(figures.fused_per_second[0] / figures.loop_per_second[0])


def test_the_pack_holds_all_losses_and_shares() -> None:
    """A pack of one seed's size has each loss at each share once."""
    pack = make_pack(len(LOSSES) * len(SHARES), epochs=1)
    assert {(trial.loss, trial.outlier_fraction) for trial in pack.trials} == {
        (a, b) for a in LOSSES for b in SHARES
    }
    assert {trial.seed for trial in pack.trials} == {0}


def test_the_floor_counts_every_product() -> None:
    """Of a linear model of d inputs a row takes d multiply-adds forward and d for the gradient, and no more."""
    pack = make_pack(3, epochs=2, model="linear")
    rows = len(pack.training[0].features)
    assert multiply_adds(pack) == 3 * 2 * rows * 2 * pack.dataset.features.shape[1]
    hidden = make_pack(1, epochs=1)
    assert multiply_adds(hidden) == rows * (2 * 30 * 16 + 3 * 16)
