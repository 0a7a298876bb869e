"""The curve of a loss: its value and gradient side by side. A module of its own, since it imports torch."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from lossbench.checks.case import FIXED_ROWS, Case, row_by_row
from lossbench.checks.line import REACH, standard
from lossbench.errors import LossFailed
from lossbench.losses import Loss
from lossbench.losses.custom.contain import contained, failing
from lossbench.losses.custom.record import USUAL
from lossbench.report.plot import beside, panel
from lossbench.report.words.english import wrapped

RAW_RANGE = {"clip": (-1.0, 2.0), "signed": (-3.0, 3.0)}
"""By link, the range of a raw output that is a probability p, or 2p - 1."""

POINTS = 481
WIDE, PANEL = 100, 48
"""Columns of two panels side by side, and of one panel."""

FIXED_ANGLES = (0.0, 90.0, 120.0)
"""Angles of the fixed embeddings: one of the same class as the rotating one, and two of another class."""


def _drawing_error(loss: Loss, error: BaseException) -> BaseException:
    """Return the error for a custom loss that cannot be drawn."""
    if isinstance(error, LossFailed) or not loss.record.code:
        return error
    return LossFailed(f"loss '{loss.title}' cannot be drawn: {error}")


class Shape(NamedTuple):
    """Value and gradient of a loss along a line through its raw outputs.

    Args:
        label: what the places on the line mean.
        places: (points,) positions on the line, rising.
        value: (points,) of the loss.
        gradient: (points,) of the loss, with respect to the raw output that changes.
    """

    label: str
    places: np.ndarray
    value: np.ndarray
    gradient: np.ndarray


def shape_of(loss: Loss) -> Shape:
    """Return value and gradient against the error, or against the raw output of the true class.

    Raises:
        LossFailed: a user's loss that cannot be evaluated there.

    Example:
        >>> from lossbench import get_loss
        >>> shape = shape_of(get_loss("mse", "regression"))
        >>> shape.label, float(shape.value[0]), float(shape.gradient[0])
        ('prediction - target', 36.0, -12.0)
    """
    if loss.record.headless:
        return of_embeddings(loss)
    places = torch.linspace(*RAW_RANGE.get(loss.link, (-REACH, REACH)), POINTS, dtype=torch.float64)
    with contained(), failing(partial(_drawing_error, loss)):
        case = row_by_row(Case(loss, loss.targets or USUAL[loss.task]))
        line = standard(case)
        value, slope = line.at(places)
    batch = f", of one row in a batch of {1 + FIXED_ROWS}" if case.beside else ""
    return Shape(f"{line.label}{batch}", places.numpy(), value.numpy(), slope[:, line.output].numpy())


def of_embeddings(loss: Loss) -> Shape:
    """Return value and gradient of an embedding loss while one of four embeddings in the plane rotates."""
    places = torch.linspace(-180, 180, POINTS, dtype=torch.float64)
    angle = torch.stack([torch.full_like(places, fixed) for fixed in FIXED_ANGLES], dim=1).deg2rad()
    with contained(), failing(partial(_drawing_error, loss)):
        turned = torch.cat([places[:, None].deg2rad(), angle], dim=1).requires_grad_()
        raw = torch.stack([turned.cos(), turned.sin()], dim=-1)
        value = loss.per_sample(raw, torch.tensor([0, 0, 1, 1]).expand(POINTS, -1))
        (slope,) = torch.autograd.grad(value.sum(), turned)
    label = "angle in degrees from a row of its class; two of another are at {:g} and {:g}".format(
        *FIXED_ANGLES[1:]
    )
    return Shape(label, places.numpy(), value.detach().numpy(), slope[:, 0].numpy())


def draw_loss(loss: Loss, width: int = WIDE) -> list[str]:
    """Draw value and gradient in characters, line by line; see `shape_of`.

    The two panels are side by side, or one below the other in less than a hundred columns.

    Example:
        >>> from lossbench import get_loss
        >>> lines = draw_loss(get_loss("huber:delta=2"))
        >>> lines[0].split(), lines[-1], max(map(len, lines)) <= 100
        (['value', 'gradient'], 'against prediction - target', True)
    """
    shape = shape_of(loss)
    curves = {"value": shape.value, "gradient": shape.gradient}
    panels = [panel(title, shape.places, curve, min(width, PANEL)) for title, curve in curves.items()]
    drawn = beside(*panels) if width >= WIDE else [line for lines in panels for line in [*lines, ""]]
    return [*drawn, *wrapped([f"against {shape.label}"], width)]
