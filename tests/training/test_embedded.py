"""Networks that embed: one trunk for all losses, a head for some, batches of several rows a class."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from lossbench.metrics.gallery import COLLAPSED, Gallery
from lossbench.run.provenance import hashes
from lossbench.training import loop
from lossbench.training.loop.cost import Cost
from lossbench.training.loop.engine import follow
from lossbench.training.loop.networks import build_network, raw_outputs
from lossbench.training.orders import batch_order, class_order
from lossbench.training.pack import Pack
from lossbench.training.thread import one_thread
from lossbench.training.trace import Trace
from lossbench.training.trial import Trial

from .cases import ENGINES, FAST, contaminations, losses_of, packs_of, same_bits, trial

NAME = "digit_pairs:classes=5:rows=20"
MODELS = ("mlp:7", "mlp:9,5", "mlp:8,3:tanh", "mlp:6,4:gelu", "mlp:5,7,2:sigmoid")

MEETINGS = list(zip(MODELS, ("sgd", "adam", "adamw", "adam", "sgd"), strict=True))


def crowd(model: str, optimiser: str = "adam", **changes: object) -> list[Trial]:
    """Return every loss, clean and contaminated, under one seed without penalties and under another with them."""
    axes = product(losses_of(NAME), contaminations("embedding"), enumerate((0.0, 1e-3)))
    return [
        trial(NAME, model=model, optimizer=optimiser, loss=loss, l1=by, l2=by, seed=seed, **dirt, **changes)
        for loss, dirt, (seed, by) in axes
    ]


@lru_cache(maxsize=1)
def by_loop(model: str, optimiser: str) -> list[tuple[Pack, Trace]]:
    """Return the packs of half a crowd, trained by the slow engine once for all that are held against it in turn.

    Each loss is there clean and contaminated, with penalties or without; the next model has the other half.
    """
    half = [one for i, one in enumerate(crowd(model, optimiser)) if (i + i // 2 + MODELS.index(model)) % 2]
    return [(group, loop.train(group, torch.float64)) for group in packs_of(NAME, half)]


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize(("model", "optimiser"), MEETINGS)
def test_the_engines_agree(train, model: str, optimiser: str) -> None:
    """In double precision, on curves, readings and fits; with a head and without, whatever the trunk."""
    for group, slow in by_loop(model, optimiser):
        fast = train(group, torch.float64)
        for field in ("curve", "last", "best", "train_loss", "train_score"):
            np.testing.assert_allclose(getattr(fast, field), getattr(slow, field), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize("model", MODELS[1:3])
def test_company_changes_no_bit(train, model: str) -> None:
    """A trial has the same bits alone, in a few and among all that fit its pack."""
    with one_thread():
        for group in packs_of(NAME, crowd(model)):
            together = train(group)
            size = len(group.trials)
            for subset in ([0], [size - 1], [1, 0], list(range(size - 1, 0, -3))):
                few = replace(group, trials=tuple(group.trials[index] for index in subset))
                same_bits(train(few), together, subset)


def test_losses_share_trunk_weights_and_batches_and_their_hashes() -> None:
    """With a head or without, a seed starts from one trunk and sees one order; its rows may be compared."""
    groups = packs_of(NAME, [trial(NAME, model="mlp:9,5", loss=loss) for loss in losses_of(NAME)])
    assert {group.model.embeds for group in groups} == {True, False}
    trunks = {repr([layer.tolist() for layer in group.weights[0][:2]]) for group in groups}
    orders = {group.orders[0].tobytes() for group in groups}
    found = [hashes(group, "") for group in groups]
    assert len(trunks) == len(orders) == 1
    for name in ("data_hash", "split_hash", "weights_hash", "order_hash"):
        assert len({value for each in found for value in each[name]}) == 1


@pytest.mark.parametrize("train", ENGINES)
def test_readings_are_those_of_the_trained_trunk(train) -> None:
    """What is kept of a row is what the embeddings of the last network say of it, by the clean training rows."""
    for loss in ("ce", "triplet"):
        one = trial(NAME, model="mlp:9,5", loss=loss, outlier_kind="label", outlier_fraction=0.2)
        (group,) = packs_of(NAME, [one])
        network = follow(Cost(group, 0, torch.float64)).last
        body = network[:-1] if loss == "ce" else network
        fold = group.folds[0]
        known, asked = (raw_outputs(body, torch.tensor(part.features)) for part in (fold.train, fold.test))
        assert known.shape[1] == 5
        wanted = Gallery(fold.train.target).read(known, asked, fold.test.target)
        np.testing.assert_allclose(train(group, torch.float64).last[0], wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("train", ENGINES)
def test_no_activation_follows_the_embedding(train) -> None:
    """Embeddings of a relu network point everywhere: some readings are those of vectors with negative numbers."""
    (group,) = packs_of(NAME, [trial(NAME, model="mlp:9,5", loss="ce")])
    network = follow(Cost(group, 0, torch.float64)).last
    kinds = [type(layer).__name__ for layer in network]
    assert kinds == ["Linear", "ReLU", "Linear", "Linear"]
    np.testing.assert_allclose(train(group, torch.float64).last, loop.train(group, torch.float64).last, atol=1e-9)


def test_a_head_of_cosines_looks_at_angles_alone() -> None:
    """Its raw outputs are cosines with the weights that the head of `ce` starts from; no bias counts."""
    proxy, plain = (packs_of(NAME, [trial(NAME, model="mlp:9,5", loss=loss)])[0] for loss in ("proxy", "ce"))
    features = torch.tensor(proxy.folds[0].test.features)
    turned, linear = (build_network(group, 0, torch.float64) for group in (proxy, plain))
    embeddings = raw_outputs(linear[:-1], features)
    wanted = cosine_similarity(embeddings, plain.weights[0][-1][:, :-1])
    np.testing.assert_allclose(raw_outputs(turned, features), wanted, rtol=1e-10, atol=1e-12)


classes = st.lists(st.integers(1, 12), min_size=2, max_size=8)


@settings(deadline=None, max_examples=25)
@given(counts=classes, together=st.integers(2, 6), epochs=st.integers(1, 3))
def test_an_epoch_has_every_row_once_and_the_rows_of_a_class_in_pieces(counts, together, epochs) -> None:
    """Each piece has nearly as many rows as asked for; more epochs only add some at the end."""
    target = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    orders = class_order("made", 0, epochs, target, together)
    assert (np.sort(orders, axis=1) == np.arange(len(target))).all()
    np.testing.assert_array_equal(class_order("made", 0, 4, target, together)[:epochs], orders)
    for order in orders:
        borders = np.flatnonzero(np.diff(target[order])) + 1
        runs = np.split(target[order], borders)
        for run in runs:
            pieces = max(1, round(counts[run[0]] / together))
            least = counts[run[0]] // pieces
            assert len(run) >= least


def test_rows_are_shuffled_whatever_their_class_where_none_lie_together() -> None:
    """With one row a class, the order is the usual one."""
    name = f"{NAME}:together=1"
    (group,) = packs_of(name, [trial(name)])
    rows = len(group.training[0].rows)
    np.testing.assert_array_equal(group.orders[0], batch_order(group.stream, 0, 2, rows))


@pytest.mark.parametrize("train", ENGINES)
def test_a_collapse_is_seen(train) -> None:
    """A penalty that leaves no weight leaves one embedding for all rows, without a spread."""
    one = trial(NAME, loss="ce", optimizer="sgd", lr=0.1, l2=4.9, epochs=30, model="mlp:9,5")
    (group,) = packs_of(NAME, [one])
    readings = train(group, torch.float64).last[0]
    assert readings[:, 2].mean() < COLLAPSED
