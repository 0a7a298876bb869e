"""Find where the gradient jumps, and check its value there."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, row_by_row
from lossbench.checks.line import REACH, Line, lines

INTERVALS, COARSE, FINE = 192, 6, 40
"""The pieces of a line; the halvings of every piece, and then of those that may contain a jump."""

FEWER = 64
"""The number of pieces if the loss is called once per place."""

SPARE = 64
"""A height below this many rounding errors counts as zero."""

SUSPECT = 0.06
"""A piece that keeps this share of its height after the first halvings may contain a jump; others keep 1/64."""

BESIDE = 1e-6
"""The distance from a kink at which its two sides are evaluated."""


@dataclass(frozen=True)
class Kink:
    """A place where the gradient, or the value itself, jumps.

    Args:
        line: the line on which it was found.
        place: its position on the line.
        value: (3,) the loss just before, at and just after it.
        slope: (3, outputs) the gradient, likewise.
    """

    line: Line
    place: float
    value: torch.Tensor
    slope: torch.Tensor

    @property
    def valid(self) -> bool:
        """Whether the gradient at the kink is finite and lies between those of the two sides."""
        low, high = self.slope[[0, 2]].aminmax(dim=0)
        slack = 1e-3 * (1 + high.abs().max())
        return bool(((self.slope[1] >= low - slack) & (self.slope[1] <= high + slack)).all())

    @property
    def value_jump(self) -> float:
        """The size of a jump of the value; zero if it does not jump."""
        gap = (self.value[2] - self.value[0]).abs() - 4 * BESIDE * self.slope[[0, 2]].norm(dim=-1).max()
        return float(gap) if gap > 1e-4 * (1 + self.value[0].abs()) else 0.0

    def __str__(self) -> str:
        before, at, after = (f"{slope + 0.0:.3g}" for slope in self.slope[:, self.line.output].tolist())
        return f"{self.place:g} ({self.line.label}): {before}, {at}, {after}"


def find_kinks(case: Case) -> list[Kink]:
    """Return the kinks on lines along each raw output, for a case of `row_by_row`."""
    return [_kink_at(line, place) for line in lines(case) for place in _places(line)]


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of a line.

    Args:
        line: the line.
        ends: (2, pieces) where each begins and ends.
        value: (2, pieces) the loss at the ends.
        slope: (2, pieces, outputs) the gradient at the ends.
    """

    line: Line
    ends: torch.Tensor
    value: torch.Tensor
    slope: torch.Tensor

    @property
    def height(self) -> torch.Tensor:
        """The change of the gradient between the ends, plus the error of the value predicted by it, (pieces,)."""
        rise = self.slope[..., self.line.output].mean(0) * (self.ends[1] - self.ends[0])
        turned: torch.Tensor = self.slope.diff(dim=0)[0].norm(dim=-1)
        height: torch.Tensor = turned + (self.value.diff(dim=0)[0] - rise).abs()
        return height

    @property
    def rounding(self) -> torch.Tensor:
        """The largest height that rounding alone can cause, in the precision of the loss, (pieces,)."""
        size: torch.Tensor = 1 + self.value[0].abs() + self.slope[0].norm(dim=-1)
        return size * (SPARE * torch.finfo(self.line.case.precision).eps)

    def __getitem__(self, wanted: torch.Tensor) -> Pieces:
        """Return some of the pieces."""
        return Pieces(self.line, self.ends[:, wanted], self.value[:, wanted], self.slope[:, wanted])

    def halved(self, times: int) -> Pieces:
        """Halve each piece repeatedly, each time keeping the half with the greater jump."""
        pieces = self
        for _ in range(times):
            middle = pieces.ends.mean(0)
            between = (middle, *_at(pieces.line, middle))
            parts = list(zip((pieces.ends, pieces.value, pieces.slope), between, strict=True))
            first = Pieces(pieces.line, *(torch.stack([ends[0], mid]) for ends, mid in parts))
            second = Pieces(pieces.line, *(torch.stack([mid, ends[1]]) for ends, mid in parts))
            later = second.height > first.height
            pieces = Pieces(
                pieces.line,
                torch.where(later, second.ends, first.ends),
                torch.where(later, second.value, first.value),
                torch.where(later[:, None], second.slope, first.slope),
            )
        return pieces


def _at(line: Line, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return value and gradient on a line, converted to double precision."""
    value, slope = line.at(places)
    return value.double(), slope.double()


def _places(line: Line) -> list[float]:
    """Return the places where value or gradient still differ after a piece has shrunk to a point."""
    number = FEWER if line.case.one_by_one else INTERVALS
    # The cuts are odd numbers: a kink is usually at a round one, and must not fall on a cut.
    cuts = torch.linspace(-REACH - 0.0123, REACH + 0.0071, number + 1, dtype=torch.float64)
    value, slope = _at(line, cuts)
    pairs = ((torch.stack([at[:-1], at[1:]])) for at in (cuts, value, slope))
    whole = Pieces(line, *pairs)
    coarse = whole.halved(COARSE)
    suspect = coarse.height > SUSPECT * whole.height
    if not bool(suspect.any()):
        return []
    fine = coarse[suspect].halved(FINE)
    found = fine.height > (1e-4 * whole.height[suspect].clamp(min=1e-6)).maximum(fine.rounding)
    return sorted({round(place, 9) + 0.0 for place in fine.ends[1, found].tolist()})


def _kink_at(line: Line, place: float) -> Kink:
    places = torch.tensor([place - BESIDE, place, place + BESIDE], dtype=torch.float64)
    return Kink(line, place, *_at(line, places))


def check_kinks(case: Case) -> Observation:
    """Find the kinks, and check that the gradient there lies between those of the two sides."""
    kinks = find_kinks(row_by_row(case))
    if not kinks:
        return observed(f"the gradient jumps nowhere within {REACH:g} of zero")
    for kink in kinks:
        if not kink.valid:
            finite = bool(kink.value[1].isfinite() and kink.slope[1].isfinite().all())
            fault = "not between the two sides" if finite else "not finite there; take a stable form"
            return observed(f"gradient before, at and after {kink}: {fault}", failed=True)
        if kink.value_jump:
            return observed(
                f"the value jumps by {kink.value_jump:.3g} at {kink}; no gradient shows that", noted=True
            )
    facts = case.loss.facts
    false = facts is not None and facts.differentiable
    saw = f"gradient before, at and after {kinks[0]}; between the two sides at all {len(kinks)} kinks"
    return observed(f"{'declared differentiable, yet ' * false}{saw}", failed=false)
