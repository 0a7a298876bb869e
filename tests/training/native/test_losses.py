"""Compiled losses where a formula has a limit: at the ends of the ranges of their parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lossbench.losses import get_loss
from lossbench.task import VALUED
from lossbench.training import loop
from lossbench.training.native.losses import IMAGES, PAIRS, SAMPLES, TORCH, number_of
from lossbench.training.pack import Pack

from ..cases import COMPILED, dataset, native_train, packs_of, trial

LIMITS = {
    "moons:rows=60": (
        *("asymmetric:m=0", "asymmetric:gamma_pos=0:gamma_neg=0:m=0", "asymmetric:gamma_neg=0.5:m=0.6"),
        *("poly1:epsilon=-1", "weighted_bce:pos_weight=3", "scaled:factor=3:loss=weighted_bce"),
        *("dice:epsilon=1e-06", "dice:epsilon=1000", "tversky:alpha=5:beta=0.01", "scaled:factor=3:loss=dice"),
    ),
    "diabetes": (
        *("barron:alpha=2", "barron:alpha=0:c=0.3", "barron:alpha=-2", "barron:alpha=-1000"),
        *("epsilon_insensitive:epsilon=0", "tukey:c=0.2", "expectile:tau=0.99", "pseudo_huber:delta=0.01"),
    ),
    "iris": (
        *("bi_tempered:t1=1:t2=1", "bi_tempered:t1=0:t2=4", "taylor_ce:t=1", "taylor_ce:t=2.5", "taylor_ce:t=30"),
        *("gce:q=1", "gce:q=0.001", "class_balanced:beta=0", "class_balanced:beta=0.999999:n=50"),
        *("logit_adjusted:tau=0", "nce_rce:beta=0", "scaled:factor=0.5:loss=class_balanced"),
    ),
    "digit_pairs:classes=5:rows=20": (
        *("triplet:margin=4", "triplet:margin=0.001", "triplet_semi_hard:margin=4"),
        *("triplet_semi_hard:margin=0.001", "contrastive:margin=2", "contrastive:margin=0.01"),
        *("supcon:tau=0.01", "supcon:tau=100"),
    ),
    "discs:images=20": (
        *("dice:epsilon=1e-06", "dice:epsilon=1000", "tversky:alpha=5:beta=0.01", "jaccard:epsilon=1e-06"),
        *("bce_dice:weight=100", "bce_dice:weight=0.01:epsilon=3", "lovasz", "scaled:factor=3:loss=lovasz"),
    ),
    "crescents:rows=60": (
        *("wasserstein", "scaled:factor=3:loss=sinkhorn", "mmd:bandwidth=0.01", "mmd:bandwidth=100"),
        *("sinkhorn:epsilon=0.01", "sinkhorn:epsilon=100", "kl_histogram:width=0.05", "kl_histogram:width=100"),
        *("kl_histogram:epsilon=1e-06", "kl_histogram:epsilon=100"),
    ),
}


def check_against_the_loop(group: Pack, *fields: str) -> None:
    """Hold what was recorded of a pack to the loop's, to 1e-10 in double precision."""
    found, wanted = native_train(group, torch.float64), loop.train(group, torch.float64)
    for field in fields:
        np.testing.assert_allclose(getattr(found, field), getattr(wanted, field), rtol=1e-10, atol=1e-10)


@COMPILED
@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_those_of_the_loop(name: str) -> None:
    """Outputs, curves and losses after three epochs, to 1e-10 in double precision, a third of labels wrong."""
    dirt = (
        {}
        if dataset(name).task in (*VALUED, "segmentation")
        else {"outlier_kind": "label", "outlier_fraction": 0.3}
    )
    trials = [trial(name, loss=spec, optimizer="sgd", lr=0.05, epochs=3, **dirt) for spec in LIMITS[name]]
    for group in packs_of(name, trials):
        check_against_the_loop(group, "curve", "last", "train_loss")


@COMPILED
@pytest.mark.parametrize(
    ("batch_size", "together", "model"),
    [
        (batch_size, together, ("mlp:5,1", "mlp:6,17")[(i + j) % 2])
        for i, batch_size in enumerate((1, 2, 7, 1000))
        for j, together in enumerate((1, 4))
    ],
)
def test_pairs_of_any_batch_are_those_of_the_loop(batch_size: int, together: int, model: str) -> None:
    """Of one row, which costs nothing, of rows of one class alone, of all rows; embeddings of one number too.

    Each model meets every size of a batch, and rows that lie together or not.
    """
    name = f"digit_pairs:classes=5:rows=20:together={together}"
    plain = {"optimizer": "sgd", "lr": 0.05, "batch_size": batch_size, "model": model}
    (group,) = packs_of(name, [trial(name, loss=loss, **plain) for loss in PAIRS])
    check_against_the_loop(group, "curve", "last", "best", "train_loss", "train_score")


@COMPILED
@pytest.mark.parametrize("batch_size", [1, 2, 7, 1000])
@pytest.mark.parametrize("name", ["mixture:rows=60", "eight_gaussians:rows=60"])
def test_samples_of_any_batch_are_those_of_the_loop(batch_size: int, name: str) -> None:
    """Of one row, of all rows, and of what is left of the rows at the end of an epoch."""
    plain = {"optimizer": "sgd", "lr": 0.05, "batch_size": batch_size}
    (group,) = packs_of(name, [trial(name, loss=loss, **plain) for loss in SAMPLES])
    check_against_the_loop(group, "curve", "last", "best", "train_loss", "train_score")


@COMPILED
@pytest.mark.parametrize("images", [1, 3, 17, 100])
@pytest.mark.parametrize("spoilt", [{}, {"outlier_kind": "label", "outlier_fraction": 0.3}])
def test_images_of_any_batch_are_those_of_the_loop(images: int, spoilt: dict[str, object]) -> None:
    """Of one image, of more than a vector has lanes, of all; labels wrong too."""
    name = "discs:images=50"
    plain = {"optimizer": "sgd", "lr": 0.05, "batch_size": images}
    (group,) = packs_of(name, [trial(name, loss=loss, **plain) for loss in IMAGES])
    check_against_the_loop(group, "curve", "last", "best", "train_loss", "train_score")


@COMPILED
@pytest.mark.parametrize("batch_size", [1, 7, 17, 1000])
@pytest.mark.parametrize("name", ["moons:rows=60", "imbalanced:rows=100"])
def test_overlaps_of_any_batch_are_those_of_the_loop(batch_size: int, name: str) -> None:
    """Of one row, of no positive, of what is left at the end of an epoch; by a compiled score or not."""
    plain = {"optimizer": "sgd", "lr": 0.05, "batch_size": batch_size}
    (group,) = packs_of(name, [trial(name, loss=loss, **plain) for loss in ("dice", "bce", "tversky")])
    check_against_the_loop(group, "curve", "last", "best", "train_loss", "train_score")


@pytest.mark.parametrize(("name", "spec"), [(name, spec) for name in LIMITS for spec in LIMITS[name]])
def test_limits_are_compiled(name: str, spec: str) -> None:
    """What is compared above is compiled code on one side."""
    data = dataset(name)
    assert number_of(get_loss(spec, data.task, data.targets)) != TORCH
