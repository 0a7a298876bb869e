"""Check whether right predictions can be reached: not if a loss squashes, or cuts off, the raw outputs.

No descent shows that: the largest output may still be that of the right class, and right predictions stay right.
"""

from __future__ import annotations

import math

import torch

from lossbench.checks.case import NEGLIGIBLE, Case, gradient, row_by_row
from lossbench.checks.groups import right_outputs
from lossbench.checks.line import REACH, Line, lines, standard
from lossbench.task import VALUED

ROWS = 24

CERTAIN = (0.3, 1.0, 2.0, 4.0, 10.0, 30.0, 100.0, 1e4)
"""The sizes of raw outputs that are tried, in units of common ones."""

SHORT = 0.1
"""Certain predictions are out of reach if their smallest value is above this share of the range of values."""

CUTS = "relu or clamp around the prediction"

CENTRES = (-3.0, -1.5, -0.5, 0.5, 1.5, 3.0)
"""The targets of a regression near which predictions are tried."""

PREDICTED = torch.linspace(-4.03, 3.97, 41, dtype=torch.float64)
NEAR = 0.4
"""The predictions that are tried, and the distance within which one is near a target."""

PLACES, NARROWED = 49, 5
"""The number of places on a line, and how often the search narrows to those around the lowest."""

DEEP = 1e4
"""A value this many times as deep as usual ones counts as unbounded."""


def unreached(case: Case) -> str:
    """Return why right predictions are out of reach; empty if they are not."""
    faults = (
        (cut_off, has_pole)
        if case.loss.task in VALUED
        else (squashed, normalised_over_rows, without_gradient, has_pole)
    )
    return next(filter(None, (find(case) for find in faults)), "")


def squashed(case: Case) -> str:
    """Report that right and certain predictions cost nearly as much as wrong ones."""
    raw, target = case.draw(ROWS)
    centre = 0.5 if case.loss.link == "clip" else 0.0
    way = right_outputs(case, _truth(case, raw, target).numpy()) - centre
    sizes = torch.tensor(CERTAIN, dtype=torch.float64)
    values = case.value(
        centre + torch.cat([-sizes, sizes])[:, None, None] * way, target.expand(2 * len(sizes), *target.shape)
    )
    values = values.double().reshape(len(values), -1).mean(-1)
    least, most = float(values[len(sizes) :].min()), float(values.max())
    if not least > SHORT * (most - least) or _linear(case, way.sign(), target):
        return ""
    return (
        f"right and certain predictions are out of its reach: they cost {least:.3g}, and wrong ones no more than "
        f"{most:.3g}; it squashes raw outputs, as softmax or sigmoid do if they are applied twice: leave one out"
    )


def _linear(case: Case, towards: torch.Tensor, target: torch.Tensor) -> bool:
    """Say whether a loss is linear in the probability: then a constant added to it does not matter."""
    shares, others = torch.linspace(0.1, 0.9, 9, dtype=torch.float64), case.outputs - 1
    size = shares.logit()
    if case.loss.link == "softmax" and others:
        size = (size + math.log(others)) / 2
    value = case.value(size[:, None, None] * towards, target.expand(len(size), *target.shape))
    steps = value.double().reshape(len(size), -1).mean(-1).diff()
    return bool(steps.diff().abs().max() <= 1e-3 * steps.abs().max())


def _truth(case: Case, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the true share, 0 or 1, of each class or label in each row: (rows, columns)."""
    if case.loss.task == "multiclass":
        return (target[:, None] == torch.arange(raw.shape[-1])).double()
    return target.double().reshape(len(target), -1)


def normalised_over_rows(case: Case) -> str:
    """Report that the outputs are normalised over the rows instead of the classes.

    Then the decision threshold of each class is not determined, and more rows make the share of each smaller. A
    ranking loss leaves the threshold open too, but does not depend on the number of rows.
    """
    raw, target = case.draw(ROWS)
    value = case.value(raw, target).double().mean()
    slack = max(1e-6, case.rounding) * (1 + value.abs())
    for column in torch.eye(case.outputs, dtype=raw.dtype):
        if (case.value(raw + 3 * column, target).double().mean() - value).abs() > slack:
            return ""
    twice = case.value(torch.cat([raw, raw]), torch.cat([target, target])).double().mean()
    if min((twice - value).abs(), (twice - 2 * value).abs()) <= 1e-2 * value.abs():
        return ""
    return (
        "it compares the rows of a batch where it should compare classes: an output that is larger in all rows "
        "changes nothing, so that classes are not distinguished; take softmax along the last axis, dim=-1"
    )


def without_gradient(case: Case) -> str:
    """Report that no row has a gradient where all outputs are on one side of zero."""
    if case.loss.link in ("clip", "signed"):
        return ""  # outputs beyond the range of these links may be cut off
    raw, target = case.draw(ROWS, scale=1)
    for sign, side in ((-1, "below"), (1, "above")):
        if not bool(gradient(case, sign * raw.abs(), target).any()):
            return f"rows whose outputs are all {side} zero have no gradient, right or wrong: leave {CUTS} out"
    return ""


def cut_off(case: Case) -> str:
    """Report targets near which predictions have no gradient, although they have one elsewhere."""
    if case.loss.link != "identity":
        return ""
    centres = torch.tensor(CENTRES, dtype=torch.float64)[:, None]
    raw, target = (
        each.reshape(-1, 1).expand(-1, case.targets) for each in torch.broadcast_tensors(PREDICTED, centres)
    )
    slope = gradient(case, raw, target).double().abs().nan_to_num().amax(-1).reshape(len(centres), -1)
    near = (PREDICTED - centres).abs() <= NEAR
    felt, elsewhere = ((slope * where).amax(-1) > NEGLIGIBLE * slope.max() for where in (near, ~near))
    lost = ~felt & elsewhere
    if not bool(lost.any() and felt.any()):
        return ""
    where = ", ".join(f"{centre:g}" for centre in centres[lost].flatten().tolist())
    return f"predictions near targets of {where} have no gradient, and come no closer: leave {CUTS} out"


def has_pole(case: Case) -> str:
    """Report that the loss falls without end towards some finite output."""
    if case.loss.record.bottomless:
        return ""
    single = row_by_row(case)
    for line in [standard(single)] if case.one_by_one else lines(single):
        place = _pole(line)
        if place is not None:
            return (
                f"the value falls without end near a raw output of {place:.3g}: it divides by what may be zero, "
                "as if raw outputs were probabilities"
            )
    return ""


def _pole(line: Line) -> float | None:
    """Return the place on a line near which the value is unbounded below; None where it is bounded."""
    low, high = -REACH - 0.0123, REACH + 0.0071
    usual = place = least = 0.0
    for time in range(NARROWED):
        places = torch.linspace(low, high, PLACES, dtype=torch.float64)
        value = line.at(places)[0].double().nan_to_num(torch.inf, torch.inf)
        usual = usual if time else float(value.abs().median())
        index = int(value.argmin())
        place, least = float(places[index]), float(value[index])
        if least >= 0:
            return None
        low, high = float(places[max(0, index - 1)]), float(places[min(PLACES - 1, index + 1)])
    return place if least < -DEEP * (1 + usual) else None
