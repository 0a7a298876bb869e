"""Samples of a law and of the generators trained on it: points in the plane, or two histograms on a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lossbench.report.charts.look import Look
from lossbench.report.charts.picture import Frame, picture, shortened, text
from lossbench.report.charts.scale import Scale

FRAME = Frame(180, 168, 34, 8, 22, 20)
BINS = 24


def clouds(samples: Sequence[tuple[str, Look, np.ndarray, np.ndarray]]) -> str:
    """Return one picture for each loss, all on the same axes.

    Args:
        samples: for each loss its name, its look, and samples of the law and of its generator, (n, targets) each.
            With two targets the points are drawn, otherwise a histogram of the first target.
    """
    every = np.concatenate([part for _, _, law, made in samples for part in (law, made)])
    low, high = every.min(axis=0), every.max(axis=0)
    room = 0.05 * (high - low) + 1e-9
    low, high = low - room, high + room
    if every.shape[1] == 2:
        return "".join(_plane(*one, low, high) for one in samples)
    edges = np.linspace(low[0], high[0], BINS + 1)
    most = max(_bin_shares(part, edges).max() for _, _, law, made in samples for part in (law, made))
    return "".join(_line(*one, edges, most) for one in samples)


def _plane(loss: str, look: Look, law: np.ndarray, made: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    x, y = FRAME.across(low[0], high[0]), FRAME.up(low[1], high[1])
    drawn = (("of-law", law), (f"made {look.name}", made))
    marks = [f'<path class="{kind}" d="{_dots(values, x, y)}"/>' for kind, values in drawn]
    ours, wanted = _mean_and_sd(made), _mean_and_sd(law)
    description = f"{loss}: {len(made)} samples about {ours}, those of the law about {wanted}"
    return _framed(loss, look, description, [FRAME.axes(x, y, ticks=(4, 4)), *marks])


def _line(loss: str, look: Look, law: np.ndarray, made: np.ndarray, edges: np.ndarray, most: float) -> str:
    x, y = FRAME.across(edges[0], edges[-1]), FRAME.up(0, most)
    floor, marks = y(0), []
    for values, kind in ((law, "of-law"), (made, f"made {look.name}")):
        steps = "".join(
            f"V{y(height):.1f}H{x(end):.1f}"
            for height, end in zip(_bin_shares(values, edges), edges[1:], strict=True)
        )
        marks.append(f'<path class="{kind} steps" d="M{x(edges[0]):.1f} {floor:.1f}{steps}V{floor:.1f}"/>')
    ours, wanted = _mean_and_sd(made), _mean_and_sd(law)
    description = f"{loss}: samples about {ours}, those of the law about {wanted}, as shares of {BINS} bins"
    return _framed(loss, look, description, [FRAME.axes(x, y, ticks=(4, 4)), *marks])


def _framed(loss: str, look: Look, description: str, marks: Sequence[str]) -> str:
    title = [look.marker(8, 9), text(16, 13, shortened(loss, 24), "title")]
    return picture(description, FRAME.width, FRAME.height, [*title, *marks], f"panel {look.name}")


def _bin_shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the share of samples in each bin, (bins,)."""
    return np.histogram(values[:, 0], edges)[0] / len(values)


def _dots(points: np.ndarray, x: Scale, y: Scale) -> str:
    return "".join(f"M{x(across):.1f} {y(up):.1f}h0" for across, up in points[:, :2].tolist())


def _mean_and_sd(values: np.ndarray) -> str:
    """Write the mean and standard deviation of samples in each target."""
    pairs = zip(values.mean(axis=0), values.std(axis=0), strict=True)
    return ", ".join(f"{mean:.2g} ± {sd:.2g}" for mean, sd in pairs)
