"""The compiled losses, and their numbers in the compiled step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lossbench.losses.composed.scaled import FACTOR, Scaled
from lossbench.losses.loss import Loss
from lossbench.losses.registry import find, served
from lossbench.losses.structured.directions import directions
from lossbench.losses.structured.distribution import DIRECTIONS
from lossbench.task import VALUED

# In the order of the enumeration in losses.h.
BINARY = (
    *("bce", "mse", "mse_logits", "mse_pm1", "mae", "focal", "hinge", "squared_hinge", "modified_huber"),
    *("exponential", "savage", "unhinged", "poly1", "nce", "weighted_bce", "asymmetric"),
)
REGRESSION = (
    *("mse", "mae", "huber", "log_cosh", "pinball", "mape", "expectile", "epsilon_insensitive", "pseudo_huber"),
    *("cauchy", "geman_mcclure", "welsch", "tukey", "barron", "smape"),
)
MULTICLASS = (
    *("ce", "mse", "mse_logits", "mae", "hinge", "bce", "focal", "label_smoothing", "gce", "sce", "rce", "poly1"),
    *("taylor_ce", "nce", "nce_rce", "unhinged", "squentropy", "multi_margin", "emd", "bi_tempered"),
    *("logit_adjusted", "class_balanced"),
)
PAIRS = ("triplet", "triplet_semi_hard", "contrastive", "supcon")
SAMPLES = ("wasserstein", "energy", "mmd", "sinkhorn", "kl_histogram")
IMAGES = ("dice", "tversky", "jaccard", "bce_dice", "lovasz")
CE = len(BINARY) + len(REGRESSION)
FIRST_OF_PAIRS = CE + len(MULTICLASS) + 1
FIRST_OF_SAMPLES = FIRST_OF_PAIRS + len(PAIRS)
FIRST_OF_IMAGES = FIRST_OF_SAMPLES + len(SAMPLES)
NUMBERS: dict[tuple[str, str], int] = {
    **{("binary", name): number for number, name in enumerate(BINARY)},
    **{("multilabel", name): BINARY.index(name) for name in ("bce", "mse", "focal", "hinge", "asymmetric")},
    **{("segmentation", name): BINARY.index(name) for name in ("bce", "mse", "focal")},
    **{("anomaly", name): BINARY.index(name) for name in ("bce", "mse")},
    **{("regression", name): number for number, name in enumerate(REGRESSION, len(BINARY))},
    ("distribution", "mse"): len(BINARY),
    **{("multiclass", name): number for number, name in enumerate(MULTICLASS, CE)},
    ("binary", "ce"): CE,
    ("multilabel", "ce"): CE + len(MULTICLASS),
    ("embedding", "ce"): CE,
    **{("embedding", name): number for number, name in enumerate(PAIRS, FIRST_OF_PAIRS)},
    **{("distribution", name): number for number, name in enumerate(SAMPLES, FIRST_OF_SAMPLES)},
    **{("segmentation", name): number for number, name in enumerate(IMAGES, FIRST_OF_IMAGES)},
    **{("binary", name): FIRST_OF_IMAGES + IMAGES.index(name) for name in ("dice", "tversky")},
}
"""By task and name; a loss of several labels, or columns, is the sum over them of that of one. A row of a
segmentation is a pixel, and a loss of single ones the mean over all. For two classes a batch is an image."""

TORCH = -1
"""The number of a loss that torch evaluates."""


def number_of(loss: Loss) -> int:
    """Return the number of a loss; `TORCH` where it is not compiled.

    A constant times a loss is that loss.

    Example:
        >>> from lossbench.losses import get_loss
        >>> [number_of(get_loss(spec, "regression")) for spec in ("mse", "scaled:factor=3:loss=mae", "gamma")]
        [16, 17, -1]
    """
    record = loss.record
    name, function = record.name, record.fn
    if isinstance(function, Scaled):
        name, function = record.placebo or "", function.multiplied
    own = record.task in served(name) and find(name, record.task).fn is function  # not a user's loss of that name
    return NUMBERS.get((record.task, name), TORCH) if own else TORCH


LOOKS_AT_IMAGES = 3


def looks_at(loss: Loss) -> int:
    """Return the unit of a compiled loss: 0 for rows, 1 for pairs of rows, 2 for samples, 3 for images.

    Example:
        >>> from lossbench.losses import get_loss
        >>> looks_at(get_loss("mse", "distribution")), looks_at(get_loss("energy", "distribution"))
        (0, 2)
    """
    number = number_of(loss)
    return sum(number >= first for first in (FIRST_OF_PAIRS, FIRST_OF_SAMPLES, FIRST_OF_IMAGES))


def values_of(loss: Loss, outputs: int) -> tuple[list[float], float]:
    """Return the data of a compiled loss besides its number.

    Args:
        loss: the loss.
        outputs: number of raw outputs, over which a regression averages.

    Returns:
        Four numbers: its parameters in the order of its record, padded with zeros; and the factor on values and
        slopes.
    """
    values = [loss.parameters[one.name] for one in loss.record.parameters if one is not FACTOR]
    factor = loss.parameters[FACTOR.name] if isinstance(loss.record.fn, Scaled) else 1.0
    averaged = loss.record.task in VALUED and not loss.record.whole_batch
    return (values + [0.0] * 4)[:4], factor / outputs if averaged else factor


def ways_of(loss: Loss, targets: int) -> np.ndarray | None:
    """Return the directions along which a compiled loss compares samples, (targets, directions), if any."""
    along = number_of(loss) == NUMBERS["distribution", "wasserstein"]
    return directions(targets, DIRECTIONS) if along else None


def weighted_bce(prior: np.ndarray, pos_weight: float) -> np.ndarray:
    """Return the weights of positives and negatives, (2,); see the loss."""
    share = prior[0, 0]
    return np.array([pos_weight, 1.0] if pos_weight > 0 else [0.5 / share, 0.5 / (1 - share)])


def logit_adjusted(prior: np.ndarray, tau: float) -> np.ndarray:
    """Return the offset of each class's raw output, (classes,)."""
    return np.asarray(tau * np.log(prior[0]))


def class_balanced(prior: np.ndarray, beta: float, n: float) -> np.ndarray:
    """Return the weight of each class, (classes,)."""
    with np.errstate(divide="ignore"):  # log(0), for which all classes weigh the same
        scarcity = -1 / np.expm1(n * prior[0] * np.log(beta))
    return np.asarray(scarcity * (len(scarcity) / scarcity.sum()))


OF_SHARES: Mapping[str, Callable[..., np.ndarray]] = {
    "weighted_bce": weighted_bce,
    "logit_adjusted": logit_adjusted,
    "class_balanced": class_balanced,
}


def of_shares(loss: Loss, prior: np.ndarray) -> np.ndarray:
    """Return the weights or offsets of a compiled loss that depends on class shares, (numbers,).

    Args:
        loss: the loss.
        prior: (1, outputs) the shares in the training rows.
    """
    scaled = isinstance(loss.record.fn, Scaled)
    name = loss.record.placebo if scaled and loss.record.placebo else loss.record.name
    known = {key: value for key, value in loss.parameters.items() if not (scaled and key == FACTOR.name)}
    return OF_SHARES[name](prior, **known)
