"""A loss drawn: its value and its gradient beside each other. Alone here, since only this needs torch."""

from __future__ import annotations

import torch

from lossbench.checks.case import COMPANY, Case, lone
from lossbench.checks.line import REACH, standard
from lossbench.losses import Loss
from lossbench.losses.custom.contain import contained
from lossbench.losses.custom.record import USUAL
from lossbench.report.plot import beside, panel

ENDS = {"clip": (-1.0, 2.0), "signed": (-3.0, 3.0)}
"""The range of the raw output where it is a probability p, or 2p - 1."""

POINTS = 481


def draw_loss(loss: Loss) -> list[str]:
    """Draw value and gradient against the error, or against the raw output of the true class, line by line.

    Args:
        loss: with values for its parameters.

    Example:
        >>> from lossbench import get_loss
        >>> lines = draw_loss(get_loss("huber:delta=2"))
        >>> lines[0].split(), lines[-1], max(map(len, lines)) <= 100
        (['value', 'gradient'], 'against prediction - target', True)
    """
    places = torch.linspace(*ENDS.get(loss.link, (-REACH, REACH)), POINTS, dtype=torch.float64)
    with contained():
        case = lone(Case(loss, loss.targets or USUAL[loss.task]))
        line = standard(case)
        value, slope = line.at(places)
    curves = {"value": value, "gradient": slope[:, line.output]}
    drawn = beside(*(panel(title, places.numpy(), curve.numpy()) for title, curve in curves.items()))
    batch = f", of one row in a batch of {1 + COMPANY}" if case.beside else ""
    return [*drawn, f"against {line.label}{batch}"]
