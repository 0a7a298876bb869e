"""Nothing but the loss depends on the loss: what the trials of a pack train on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.training.targets import encoded

from .cases import contaminations, dataset, losses_of, pack, trial


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
    original = fold.dataset.target[fold.train.rows].reshape(encoded(group, 1).shape)
    np.testing.assert_allclose(encoded(group, 1), original / fold.target_scale, rtol=1e-12)
    np.testing.assert_allclose(encoded(group, 0), (original - fold.target_mean) / fold.target_scale, atol=1e-12)


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
