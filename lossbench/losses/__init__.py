"""The catalogue of losses: `get_loss` for one, `catalogue` for all of them, the functions in a module a family.

Importing this package enters every built-in loss into the catalogue; it does not import torch.
"""

from lossbench.losses import binary, multiclass, multilabel, regression
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
    "core_losses",
    "get_loss",
    "multiclass",
    "multilabel",
    "regression",
]
