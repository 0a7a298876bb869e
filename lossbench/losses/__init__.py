"""The catalogue of losses: `get_loss` returns one, `catalogue` all of them; each family is a module of functions.

Importing this package enters every built-in loss into the catalogue; it does not import torch. Calling it,
`lossbench.losses()`, returns the catalogue as a data frame.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

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
from lossbench.losses.custom.register import register_loss
from lossbench.losses.loss import Loss, get_loss
from lossbench.losses.record import Domain, Facts, LossRecord
from lossbench.losses.registry import as_frame, catalogue, core_losses
from lossbench.losses.structured import distribution, embedded, proxies, segmentation

if TYPE_CHECKING:
    import pandas as pd

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
    "distribution",
    "embedded",
    "get_loss",
    "margin",
    "modulated",
    "multiclass",
    "multilabel",
    "noise_robust",
    "ordered",
    "overlap",
    "positive",
    "proxies",
    "register_loss",
    "regression",
    "relative",
    "robust",
    "segmentation",
]


class _Catalogue(ModuleType):
    """This package as a callable: `lossbench.losses` is both package and list of losses."""

    def __call__(self) -> pd.DataFrame:
        """Return the losses, one row a loss and task; see `lossbench.losses.registry.as_frame`."""
        return as_frame()


sys.modules[__name__].__class__ = _Catalogue
