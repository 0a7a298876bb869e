"""Whether right predictions are within reach of a loss that squashes, or cuts off, what it is given.

No descent shows that: the greatest output may be of the right class all the same, and what starts right stays.
"""

from __future__ import annotations

import math

import torch

from lossbench.checks.case import NOTHING, Case, gradient, lone
from lossbench.checks.groups import right
from lossbench.checks.line import REACH, Line, lines, standard
from lossbench.task import VALUED

ROWS = 24

CERTAIN = (0.3, 1.0, 2.0, 4.0, 10.0, 30.0, 100.0, 1e4)
"""How many times as large as common ones outputs are."""

SHORT = 0.1
"""The least value, as a part of the range of values, above which certain predictions are out of reach."""

CUTS = "relu or clamp around the prediction"

CENTRES = (-3.0, -1.5, -0.5, 0.5, 1.5, 3.0)
"""The targets of a regression that predictions are near."""

PREDICTED = torch.linspace(-4.03, 3.97, 41, dtype=torch.float64)
NEAR = 0.4
"""The predictions that are tried, and how far from a target they are near."""

PLACES, NARROWED = 49, 5
"""The places on a line, and how often as many are taken about the least of them."""

DEEP = 1e4
"""How many times as deep as usual values a value without end is found."""


def unreached(case: Case) -> str:
    """Say why right predictions are out of reach; empty if they are not."""
    looks = (cut_off, bottomless) if case.loss.task in VALUED else (squashed, across, dead, bottomless)
    return next(filter(None, (look(case) for look in looks)), "")


def squashed(case: Case) -> str:
    """Say that right and certain predictions cost nearly as much as wrong ones."""
    raw, target = case.draw(ROWS)
    centre = 0.5 if case.loss.link == "clip" else 0.0
    way = right(case, _truth(case, raw, target).numpy()) - centre
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
    """Say whether a loss is linear in the probability: then a constant more of it is of no account."""
    shares, others = torch.linspace(0.1, 0.9, 9, dtype=torch.float64), case.outputs - 1
    size = shares.logit()
    if case.loss.link == "softmax" and others:
        size = (size + math.log(others)) / 2
    value = case.value(size[:, None, None] * towards, target.expand(len(size), *target.shape))
    steps = value.double().reshape(len(size), -1).mean(-1).diff()
    return bool(steps.diff().abs().max() <= 1e-3 * steps.abs().max())


def _truth(case: Case, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the shares (rows, columns) of each class or label in each row: 0 or 1."""
    if case.loss.task == "multiclass":
        return (target[:, None] == torch.arange(raw.shape[-1])).double()
    return target.double().reshape(len(target), -1)


def across(case: Case) -> str:
    """Say that the outputs are normalised over the rows instead of the classes.

    Then each class has a border of its own, which nothing settles, and more rows make the share of each smaller. A
    ranking of rows leaves the border open too, but does not depend on their number.
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
        "changes nothing, so that no class is told from another; take softmax along the last axis, dim=-1"
    )


def dead(case: Case) -> str:
    """Say that no row has a gradient where all outputs are on one side of zero."""
    if case.loss.link in ("clip", "signed"):
        return ""  # what is no probability may be cut off
    raw, target = case.draw(ROWS, scale=1)
    for sign, side in ((-1, "below"), (1, "above")):
        if not bool(gradient(case, sign * raw.abs(), target).any()):
            return f"rows whose outputs are all {side} zero have no gradient, right or wrong: leave {CUTS} out"
    return ""


def cut_off(case: Case) -> str:
    """Say that predictions have no gradient near some targets, but far from these, and near others."""
    if case.loss.link != "identity":
        return ""
    centres = torch.tensor(CENTRES, dtype=torch.float64)[:, None]
    raw, target = (
        each.reshape(-1, 1).expand(-1, case.targets) for each in torch.broadcast_tensors(PREDICTED, centres)
    )
    slope = gradient(case, raw, target).double().abs().nan_to_num().amax(-1).reshape(len(centres), -1)
    near = (PREDICTED - centres).abs() <= NEAR
    felt, elsewhere = ((slope * where).amax(-1) > NOTHING * slope.max() for where in (near, ~near))
    lost = ~felt & elsewhere
    if not bool(lost.any() and felt.any()):
        return ""
    where = ", ".join(f"{centre:g}" for centre in centres[lost].flatten().tolist())
    return f"predictions near targets of {where} have no gradient, and come no closer: leave {CUTS} out"


def bottomless(case: Case) -> str:
    """Say that the loss falls without end towards some finite output."""
    if case.loss.record.range.startswith("(-inf"):
        return ""
    single = lone(case)
    for line in [standard(single)] if case.one_by_one else lines(single):
        place = _pole(line)
        if place is not None:
            return (
                f"the value falls without end near a raw output of {place:.3g}: it divides by what may be zero, "
                "as if raw outputs were probabilities"
            )
    return ""


def _pole(line: Line) -> float | None:
    """Return the place on a line where the value has no least; None where it has one."""
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
