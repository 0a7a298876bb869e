"""Packs divide the trials by the shapes of their tensors, and fit the memory."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import get_loss
from lossbench.training.network import parse_model
from lossbench.training.optimisers import parse_optimiser
from lossbench.training.packing import MODELS, PARAMETERS, VALUES
from lossbench.training.view import rows_of

from .cases import contaminations, losses_of, packs_of, trial

trials = st.builds(
    lambda loss, dirt, **rest: trial("breast_cancer", loss=loss, **dirt, **rest),
    loss=st.sampled_from([*losses_of("breast_cancer"), "ce"]),
    dirt=st.sampled_from(contaminations("binary")),
    model=st.sampled_from(["linear", "mlp:8", "mlp:8:tanh"]),
    optimizer=st.sampled_from(["sgd", "sgd:momentum=0.9", "adam"]),
    lr=st.sampled_from([0.1, 0.01]),
    batch_size=st.sampled_from([10, 32]),
    epochs=st.sampled_from([1, 2]),
    seed=st.integers(0, 3),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(trials, max_size=30, unique=True))
def test_every_trial_stands_in_one_pack(chosen: list) -> None:
    """Packs divide the trials: none is lost, none is doubled, none is empty."""
    packs = packs_of("breast_cancer", chosen)
    assert Counter(t for group in packs for t in group.trials) == Counter(chosen)
    assert all(group.trials for group in packs)


@settings(max_examples=20, deadline=None)
@given(st.lists(trials, min_size=1, max_size=30, unique=True))
def test_a_pack_has_one_shape(chosen: list) -> None:
    """All tensors of a pack have the same shapes: weights, training parts, batches, optimiser state."""
    for group in packs_of("breast_cancer", chosen):
        assert len({tuple(layer.shape for layer in layers) for layers in group.weights}) == 1
        assert len({part.features.shape for part in group.training}) == 1
        assert len({(t.model, t.batch_size, t.epochs) for t in group.trials}) == 1
        assert len({parse_optimiser(t.optimizer)[0] for t in group.trials}) == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(trials, max_size=20, unique=True), st.randoms())
def test_packs_are_as_few_as_shapes(chosen: list, shuffle: random.Random) -> None:
    """Few trials of one shape share one pack, in whatever order they come."""
    shuffle.shuffle(chosen)
    shapes = {
        (
            t.model,
            get_loss(t.loss, "binary").record.outputs_per_target,
            t.optimizer.split(":")[0],
            t.batch_size,
            t.epochs,
        )
        for t in chosen
    }
    assert len(packs_of("breast_cancer", chosen)) == len(shapes)


@pytest.mark.parametrize("model", ["linear", "mlp:64,32", "mlp:3000"])
def test_packs_fit_the_cache(model: str) -> None:
    """A pack holds 1 to MODELS models, if possible at most PARAMETERS parameters; all but the last are full."""
    chosen = [trial("iris", model=model, seed=seed) for seed in range(1200)]
    layers = parse_model(model).sizes(4, 3)
    parameters = sum(units * (inputs + 1) for units, inputs in layers)
    sizes = [len(group.trials) for group in packs_of("iris", chosen)]
    assert max(sizes) <= max(1, min(MODELS, PARAMETERS // parameters))
    assert set(sizes[:-1]) <= {max(sizes)}


@pytest.mark.parametrize("model", ["linear", "mlp:64,32", "mlp:3000"])
def test_packs_fit_the_free_memory_of_a_device(model: str) -> None:
    """The more memory is free, the larger the packs; parameters and activations take half of it at most."""
    chosen = [trial("iris", model=model, seed=seed) for seed in range(300)]
    counts = []
    for memory in (1, 10**6, 10**8, 10**11):
        sizes = [len(group.trials) for group in packs_of("iris", chosen, memory)]
        layers = parse_model(model).sizes(4, 3)
        numbers = sum(units * (inputs + 1) + 32 * units for units, inputs in layers)
        assert max(sizes) == 1 or 8 * 4 * max(sizes) * numbers <= memory / 2
        assert set(sizes[:-1]) <= {max(sizes)}
        counts.append(len(sizes))
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (300, 1)


@pytest.mark.parametrize("epochs", [1, 100, 10**9])
def test_packs_fit_the_memory(epochs: int) -> None:
    """A pack has no more tables of features, each with a batch order, than fit the memory."""
    chosen = [
        trial("digits", seed=n, epochs=epochs, **dirt) for n in range(300) for dirt in contaminations("multiclass")
    ]
    packs = packs_of("digits", chosen)
    views = {len({rows_of(one) for one in group.trials}) for group in packs}
    assert max(views) <= max(1, VALUES // (1797 * (64 + epochs)))


def test_spoilt_targets_share_the_rows() -> None:
    """However large a table, trials that differ in their targets alone are one pack; spoilt features are not."""
    shares = [trial("digits", epochs=10**9, outlier_kind="label", outlier_fraction=0.1 * n) for n in range(1, 6)]
    assert len(packs_of("digits", [trial("digits", epochs=10**9), *shares])) == 1
    assert len(packs_of("digits", [dataclasses.replace(one, outlier_kind="feature") for one in shares])) == len(
        shares
    )


def test_seeds_stay_together() -> None:
    """Trials of one seed stand side by side, so that they share the rows they read."""
    chosen = [trial("iris", seed=seed, lr=rate) for rate in (0.1, 0.01) for seed in range(5)]
    (group,) = packs_of("iris", chosen)
    assert [t.seed for t in group.trials] == sorted(t.seed for t in chosen)
