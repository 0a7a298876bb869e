"""The catalogue of losses: `get_loss` for one, `catalogue` for all of them, the functions in a module a family.

Importing this package enters every built-in loss into the catalogue; it does not import torch.
"""

from lossbench.losses import (
    binary,
    class_prior,
    constant_sum,
    cross_entropy,
    margin,
    modulated,
    multiclass,
    multilabel,
    noise_robust,
    ordered,
    overlap,
    positive,
    regression,
    relative,
    robust,
)
from lossbench.losses.custom.locate import register_loss
from lossbench.losses.loss import Loss, get_loss
from lossbench.losses.record import Domain, Facts, LossRecord
from lossbench.losses.registry import catalogue, core_losses

__all__ = [
    "Domain",
    "Facts",
    "Loss",
    "LossRecord",
    "binary",
    "catalogue",
    "class_prior",
    "constant_sum",
    "core_losses",
    "cross_entropy",
    "get_loss",
    "margin",
    "modulated",
    "multiclass",
    "multilabel",
    "noise_robust",
    "ordered",
    "overlap",
    "positive",
    "register_loss",
    "regression",
    "relative",
    "robust",
]
