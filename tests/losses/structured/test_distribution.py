"""Losses of whole samples: what they are of samples, whatever the order of these, near and far."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.spatial.distance import cdist

from lossbench.checks.case import Case, gradient
from lossbench.losses import get_loss
from lossbench.losses.registry import losses_of
from lossbench.losses.structured.directions import directions
from lossbench.losses.structured.distribution import energy, kl_histogram, mmd, sinkhorn, wasserstein

from ..cases import close

UNPAIRED = [record.name for record in losses_of("distribution") if record.name != "mse"]
values = st.floats(-20, 20).map(lambda value: round(value, 3))


def samples(targets: st.SearchStrategy[int], most: int = 7):
    """Return a strategy for two samples of one size, (n, targets) each."""
    shapes = st.tuples(st.integers(1, most), targets)
    return shapes.flatmap(lambda shape: st.tuples(*[arrays(np.float64, shape, elements=values)] * 2))


line, plane = samples(st.just(1)), samples(st.just(2))


def of(loss, pair, **parameters) -> torch.Tensor:
    """Return a loss of two samples that are arrays."""
    return loss(*map(torch.as_tensor, pair), **parameters)


@settings(deadline=None, max_examples=25)
@given(samples(st.integers(1, 2)), st.randoms(use_true_random=False))
@pytest.mark.parametrize("name", UNPAIRED)
def test_no_row_belongs_to_another(name, pair, random) -> None:
    """Outputs in another order, and targets in yet another, have the same loss."""
    loss = get_loss(name, "distribution")
    orders = [random.sample(range(len(one)), len(one)) for one in pair]
    close(of(loss, [one[order] for one, order in zip(pair, orders, strict=True)]), of(loss, pair))


@settings(deadline=None, max_examples=25)
@given(samples(st.integers(1, 2)))
@pytest.mark.parametrize("name", [name for name in UNPAIRED if name != "sinkhorn"])
def test_nothing_is_lost_where_both_samples_are_one(name, pair) -> None:
    """A sample is at no distance from itself, and at none below zero from another."""
    loss = get_loss(name, "distribution")
    close(of(loss, [pair[0], pair[0]]), torch.zeros((), dtype=torch.float64))
    assert of(loss, pair) >= -1e-9


@settings(deadline=None, max_examples=25)
@given(line)
def test_on_a_line_it_is_the_wasserstein_distance(pair) -> None:
    """That of scipy."""
    close(of(wasserstein, pair), torch.tensor(stats.wasserstein_distance(*(one[:, 0] for one in pair))))


@settings(deadline=None, max_examples=25)
@given(samples(st.just(2), most=5))
def test_in_the_plane_it_is_at_most_the_wasserstein_distance(pair) -> None:
    """No way is longer along a direction than it is; and a sample moved as a whole is as far as it was moved."""
    ways = (cdist(*pair)[range(len(pair[0])), order].mean() for order in permutations(range(len(pair[0]))))
    assert of(wasserstein, pair) <= min(ways) + 1e-9
    moved = of(wasserstein, [pair[0], pair[0] + np.array([3.0, 4.0])])
    assert 0.98 * 5.0 <= moved <= 5.0 + 1e-9


@settings(deadline=None, max_examples=25)
@given(line)
def test_energy_is_scipy_s_squared_and_needs_no_pairs(pair) -> None:
    """On a line; and on a line that lies in the plane it is the same, by all pairs."""
    found = of(energy, pair)
    close(found, torch.tensor(stats.energy_distance(*(one[:, 0] for one in pair)) ** 2))
    close(of(energy, [np.pad(one, ((0, 0), (0, 1))) for one in pair]), found)


@settings(deadline=None, max_examples=25)
@given(plane, st.floats(0.3, 5))
def test_mmd_is_its_formula(pair, bandwidth) -> None:
    """Means of a Gaussian kernel over all pairs."""
    x, y = pair
    within, across = (
        [np.exp(-(cdist(*both) ** 2) / (2 * bandwidth**2)).mean() for both in pairs]
        for pairs in ([(x, x), (y, y)], [(x, y)])
    )
    close(of(mmd, pair, bandwidth=bandwidth), torch.tensor(sum(within) - 2 * across[0]))


@settings(deadline=None, max_examples=25)
@given(plane)
def test_much_blur_leaves_half_of_the_energy_distance(pair) -> None:
    """Where the plan is that of independence, moving costs the mean distance."""
    torch.testing.assert_close(of(sinkhorn, pair, epsilon=1e7), of(energy, pair) / 2, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("targets", [1, 2])
def test_iterations_are_enough_by_default(targets) -> None:
    """Ten times as many move value and gradient by less than a per cent, where a sample is narrower than another.

    Where both are of one law there is little of either, and a few per cent of it are left to iterations.
    """
    from lossbench.losses.structured import distribution

    raw, target = torch.randn(2, 64, targets, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    case, raw = Case(get_loss("sinkhorn", "distribution"), targets), 0.3 * raw
    assert abs(case.value(target, target)) < 0.01
    few = case.value(raw, target), gradient(case, raw, target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distribution, "ITERATIONS", 10 * distribution.ITERATIONS)
        many = case.value(raw, target), gradient(case, raw, target)
    assert abs(few[0] / many[0] - 1) < 0.01
    assert (few[1] - many[1]).norm() < 0.01 * many[1].norm()


@settings(deadline=None, max_examples=25)
@given(plane)
def test_histograms_are_counted_cell_by_cell(pair) -> None:
    """The divergence is that of scipy between the shares of all pairs of bins."""
    bins, middle = np.arange(-6, 7), pair[1].mean(0)

    def shares(sample: np.ndarray) -> np.ndarray:
        weight = np.exp(-0.5 * ((sample - middle)[..., None] / 0.5 - bins) ** 2 - 1e-300)
        far = weight.sum(-1, keepdims=True) == 0
        ends = np.where((sample - middle)[..., None] < 0, bins == -6, bins == 6)
        weight = np.where(far, ends, weight) / np.where(far, 1.0, weight.sum(-1, keepdims=True))
        cells = np.einsum("na,nb->ab", weight[:, 0], weight[:, 1]) / len(sample) + 0.001
        return cells.ravel() / cells.sum()

    wanted = stats.entropy(shares(pair[1]), shares(pair[0]))
    torch.testing.assert_close(of(kl_histogram, pair), torch.tensor(wanted), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", [*UNPAIRED, "mse"])
def test_from_afar_only_overlap_is_not_felt(name) -> None:
    """Thirty standard deviations away, kernels and bins no longer pull; all others do, towards the targets."""
    raw, target = torch.randn(2, 32, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    slope = gradient(Case(get_loss(name, "distribution"), 2), raw, target + 30.0).sum(0)
    if name in ("mmd", "kl_histogram"):
        assert slope.norm() < 1e-6
    else:
        assert (slope < -0.5).all()


@pytest.mark.parametrize("targets", [1, 2, 3, 7])
def test_directions_are_fixed_and_make_a_distance(targets) -> None:
    """A vector is as long along them as it is, on average; nobody can change them."""
    ways, drawn = directions(targets, 500), np.random.default_rng(0).normal(size=(200, targets))
    along = np.abs(drawn @ ways).mean(axis=1) / np.linalg.norm(drawn, axis=1)
    np.testing.assert_allclose(along, 1.0, atol=0.12)
    assert directions(targets, 500) is ways
    assert not ways.flags.writeable
