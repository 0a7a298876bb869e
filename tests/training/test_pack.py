"""Packs: which trials train together, and that nothing but the loss depends on the loss."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.losses import get_loss
from lossbench.training.network import parse_model
from lossbench.training.optimisers import parse_optimiser
from lossbench.training.pack import MODELS, PARAMETERS, VALUES, rows_of

from .cases import contaminations, dataset, losses_of, pack, packs_of, trial

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


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "diabetes", "multilabel:rows=60"])
def test_only_the_loss_moves(name: str) -> None:
    """Trials that differ in loss, rate and penalties share split, contamination, first weights and batch order."""
    dirt = contaminations(dataset(name).task)[1]
    group = pack(*(trial(name, loss=loss, lr=rate, **dirt) for loss in losses_of(name) for rate in (0.1, 0.01)))
    assert len({id(part) for part in group.training}) == len({id(layers) for layers in group.weights}) == 1
    alone = pack(group.trials[-1])
    assert alone.folds[0].digest == group.folds[0].digest
    np.testing.assert_array_equal(alone.orders[0], group.orders[0])
    np.testing.assert_array_equal(alone.training[0].features, group.training[0].features)
    np.testing.assert_array_equal(alone.training[0].target, group.training[0].target)


def test_two_outputs_start_from_the_one() -> None:
    """Two-class softmax has the weights of the one-output losses, and one more output unit."""
    one, two = (pack(trial("breast_cancer", loss=loss)).weights[0] for loss in ("bce", "ce"))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1][:1])
    assert two[1].shape == (2, one[1].shape[1])


@settings(max_examples=25)
@given(st.integers(1, 20), st.integers(1, 20))
def test_more_epochs_only_extend_the_order(first: int, second: int) -> None:
    """The batch order of a long training starts with that of a short one."""
    short, long = (pack(trial("iris", epochs=epochs)).orders[0] for epochs in sorted((first, second)))
    np.testing.assert_array_equal(long[: len(short)], short)


def test_every_epoch_sees_every_row_once() -> None:
    """The order of an epoch is a permutation of the training rows, another one in each epoch and seed."""
    group = pack(*(trial("iris", epochs=5, seed=seed) for seed in range(3)))
    orders = np.concatenate([group.orders[seed] for seed in range(3)])
    rows = len(group.training[0].features)
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.broadcast_to(np.arange(rows), orders.shape))
    assert len(np.unique(orders, axis=0)) == len(orders)


def test_batch_is_never_larger_than_the_data() -> None:
    """A batch size beyond the training rows takes all of them."""
    assert pack(trial("linnerud", batch_size=1000)).batch_size == 12
    assert pack(trial("linnerud", batch_size=5)).batch_size == 5


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "diabetes", "multilabel:rows=60"])
def test_a_moved_table_keeps_its_streams(name: str) -> None:
    """Random streams go by the data set's name without its folder."""
    here = pack(trial(name))
    moved = dataclasses.replace(here.dataset, name=f"/some/folder/{name}")
    there = dataclasses.replace(here, setup=dataclasses.replace(here.setup, dataset=moved))
    np.testing.assert_array_equal(here.orders[0], there.orders[0])
    np.testing.assert_array_equal(here.weights[0][0], there.weights[0][0])
    assert here.folds[0].digest == there.folds[0].digest


@pytest.mark.parametrize("name", ["linnerud", "diabetes", "demand:rows=60"])
def test_relative_losses_keep_their_zero(name: str) -> None:
    """A loss of relative errors sees the targets over their scale, not centred; the others see them centred."""
    group = pack(*(trial(name, loss=loss) for loss in ("mse", "mape")))
    fold = group.folds[0]
    original = fold.dataset.target[fold.train.rows].reshape(group.encoded(1).shape)
    np.testing.assert_allclose(group.encoded(1), original / fold.target_scale, rtol=1e-12)
    np.testing.assert_allclose(group.encoded(0), (original - fold.target_mean) / fold.target_scale, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_batches_of_masks_are_of_whole_images(batch_size: int) -> None:
    """A batch size counts images; those of an epoch come in a drawn order, each once, its pixels in their own."""
    group = pack(trial("discs:images=20", batch_size=batch_size, epochs=3))
    pixels, rows = group.dataset.pixels, len(group.training[0].features)
    assert group.batch_size == min(batch_size * pixels, rows)
    images = group.orders[0].reshape(3, -1, pixels)
    assert (images % pixels == np.arange(pixels)).all()
    numbers = images[..., 0] // pixels
    assert (np.sort(numbers) == np.arange(rows // pixels)).all()
    assert not (numbers[0] == numbers[1]).all()
