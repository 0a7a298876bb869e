"""Where the gradient jumps, and its value at the jump."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, lone
from lossbench.checks.line import REACH, Line, lines

INTERVALS, COARSE, FINE = 192, 6, 40
"""The pieces of a line; the halvings of every piece, and then of those that may hold a jump."""

SUSPECT = 0.06
"""The share of its height that a piece keeps after the first halvings if it may hold a jump; otherwise 1/64."""

BESIDE = 1e-6
"""The distance from a kink at which its two sides are evaluated."""


@dataclass(frozen=True)
class Kink:
    """A place where the gradient, or the value itself, jumps.

    Args:
        line: the line on which it was found.
        place: its position on the line.
        value: (3,) just before, at and just after it.
        slope: (3, outputs) likewise.
    """

    line: Line
    place: float
    value: torch.Tensor
    slope: torch.Tensor

    @property
    def valid(self) -> bool:
        """Whether the gradient is finite there, and between those of the two sides."""
        low, high = self.slope[[0, 2]].aminmax(dim=0)
        slack = 1e-3 * (1 + high.abs().max())
        return bool(((self.slope[1] >= low - slack) & (self.slope[1] <= high + slack)).all())

    @property
    def leap(self) -> float:
        """The size of a jump of the value; zero if it does not jump."""
        apart = (self.value[2] - self.value[0]).abs() - 4 * BESIDE * self.slope[[0, 2]].norm(dim=-1).max()
        return float(apart) if apart > 1e-4 * (1 + self.value[0].abs()) else 0.0

    def __str__(self) -> str:
        before, at, after = (f"{slope + 0.0:.3g}" for slope in self.slope[:, self.line.output].tolist())
        return f"{self.place:g} ({self.line.label}): {before}, {at}, {after}"


def find_kinks(case: Case) -> list[Kink]:
    """Return the kinks on lines along each raw output; of the case, each sample is a batch by itself."""
    return [_look(line, place) for line in lines(case) for place in _places(line)]


def _places(line: Line) -> list[float]:
    """Return the places where value or gradient still differ after a piece has shrunk to a point."""
    # Uneven numbers: a kink usually is at a round one, and must not fall between two pieces.
    cuts = torch.linspace(-REACH - 0.0123, REACH + 0.0071, INTERVALS + 1, dtype=torch.float64)
    ends = torch.stack([cuts[:-1], cuts[1:]])
    before = _heights(line, ends)
    ends = _halved(line, ends, COARSE)
    suspect = _heights(line, ends) > SUSPECT * before
    if not bool(suspect.any()):
        return []
    ends = _halved(line, ends[:, suspect], FINE)
    found = _heights(line, ends) > 1e-4 * before[suspect].clamp(min=1e-6)
    return sorted({round(place, 9) + 0.0 for place in ends[1, found].tolist()})


def _halved(line: Line, ends: torch.Tensor, times: int) -> torch.Tensor:
    """Halve each piece (2, pieces) repeatedly, each time keeping the half with the greater jump."""
    for _ in range(times):
        middle = ends.mean(0)
        halves = torch.stack([torch.stack([ends[0], middle]), torch.stack([middle, ends[1]])])
        later = _heights(line, halves[1]) > _heights(line, halves[0])
        ends = torch.where(later, halves[1], halves[0])
    return ends


def _heights(line: Line, ends: torch.Tensor) -> torch.Tensor:
    """Return the gradient's change between the ends (2, pieces) plus the value's deviation from it, (pieces,)."""
    value, slope = line.at(ends.flatten())
    slopes = slope.reshape(*ends.shape, slope.shape[-1])
    rise = slopes[..., line.output].mean(0) * (ends[1] - ends[0])
    turned: torch.Tensor = slopes.diff(dim=0)[0].norm(dim=-1)
    return turned + (value.reshape(ends.shape).diff(dim=0)[0] - rise).abs()


def _look(line: Line, place: float) -> Kink:
    places = torch.tensor([place - BESIDE, place, place + BESIDE], dtype=torch.float64)
    return Kink(line, place, *line.at(places))


def check_kinks(case: Case) -> Observation:
    """Find the kinks, and check that the gradient there lies between those of the two sides."""
    kinks = find_kinks(lone(case))
    if not kinks:
        return observed(f"the gradient jumps nowhere within {REACH:g} of zero")
    for kink in kinks:
        if not kink.valid:
            finite = bool(kink.value[1].isfinite() and kink.slope[1].isfinite().all())
            fault = "not between the two sides" if finite else "not finite there; take a stable form"
            return observed(f"gradient before, at and after {kink}: {fault}", failed=True)
        if kink.leap:
            return observed(f"the value jumps by {kink.leap:.3g} at {kink}; no gradient knows of that", noted=True)
    facts = case.loss.facts
    false = facts is not None and facts.differentiable
    saw = f"gradient before, at and after {kinks[0]}; between the two sides at all {len(kinks)} kinks"
    return observed(f"{'declared differentiable, yet ' * false}{saw}", failed=false)
