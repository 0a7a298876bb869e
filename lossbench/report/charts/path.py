"""Points as the path of an SVG and as numbers to be read off, in as few characters as there are."""

from __future__ import annotations

import math

import numpy as np

FAR = 1e4  # pixels beyond which a point is as good as there


def way(across: np.ndarray, up: np.ndarray) -> str:
    """Return the path through some points, in tenths of a pixel; it is broken where one is NaN.

    Example:
        >>> way(np.array([1.0, 2.0, 3.5, 4.5]), np.array([1.0, 1.0, 0.25, 1.25]))
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


def numbers(values: np.ndarray, digits: int = 4) -> str:
    """Return numbers (n,) to so many figures with commas between; nothing for what is not finite.

    Example:
        >>> numbers(np.array([0.25, np.nan, -0.5, 10.5]))
        '.25,,-.5,10.5'
    """
    return ",".join(_bare(f"{value:.{digits}g}") if math.isfinite(value) else "" for value in values.tolist())


def _pair(across: float, up: float) -> str:
    first, second = _tenths(across), _tenths(up)
    return first + second if second[0] == "-" else f"{first} {second}"


def _tenths(value: float) -> str:
    return _bare(f"{value / 10:g}")


def _bare(said: str) -> str:
    """Return a number without the zero before its point."""
    head, point, tail = said.partition("0.")
    return f"{head}.{tail}" if point and head in ("", "-") else "0" if said == "-0" else said
