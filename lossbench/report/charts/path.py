"""Points as an SVG path and as a list of numbers, in as few characters as possible."""

from __future__ import annotations

import math

import numpy as np

FAR = 1e4  # pixels; points further out are moved to here


def svg_path(across: np.ndarray, up: np.ndarray) -> str:
    """Return the SVG path through points, to a tenth of a pixel, with gaps where one is NaN.

    Example:
        >>> svg_path(np.array([1.0, 2.0, 3.5, 4.5]), np.array([1.0, 1.0, 0.25, 1.25]))
        'M1 1l1 0 1.5-.8 1 1'
    """
    tenths = np.round(np.clip([across, up], -FAR, FAR) * 10).T.tolist()
    parts: list[str] = []
    before: list[float] | None = None
    for place in tenths:
        if math.isnan(place[0] + place[1]):
            before = None
            continue
        if before is None:
            parts.append(f"M{_pair(*place)}")
        else:
            step = _pair(place[0] - before[0], place[1] - before[1])
            parts.append(f"l{step}" if parts[-1][0] == "M" else step if step[0] == "-" else f" {step}")
        before = place
    return "".join(parts)


def compact_numbers(values: np.ndarray, digits: int = 4) -> str:
    """Return numbers (n,) to `digits` significant figures, separated by commas; empty where not finite.

    Example:
        >>> compact_numbers(np.array([0.25, np.nan, -0.5, 10.5]))
        '.25,,-.5,10.5'
    """
    return ",".join(
        _without_zero(f"{value:.{digits}g}") if math.isfinite(value) else "" for value in values.tolist()
    )


def _pair(across: float, up: float) -> str:
    first, second = _tenths(across), _tenths(up)
    return first + second if second[0] == "-" else f"{first} {second}"


def _tenths(value: float) -> str:
    return _without_zero(f"{value / 10:g}")


def _without_zero(said: str) -> str:
    """Return a number without the zero before its decimal point."""
    head, point, tail = said.partition("0.")
    return f"{head}.{tail}" if point and head in ("", "-") else "0" if said == "-0" else said
