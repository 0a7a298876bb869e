"""What contamination of the training data does to a model's skill on clean data.

The skill as a function of the contaminated share is a curve. Its area, its slope at zero and the share at which
half of it is gone say how robust a loss is. All are relative to fixed baselines, so adding a loss to a comparison
changes no other loss's figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Robustness:
    """The robustness of M models. Where the area is NaN, nothing is defined.

    Args:
        area: (M,) normalised area under the skill curve; 1 where nothing is lost. Above 1 where contamination
            helped: by chance, or because it kept a model from overfitting.
        slope: (M,) change of skill per unit of share, from zero to the smallest positive share; below 0 where
            skill is lost.
        breakdown: (M,) share at which half of the clean skill is gone; NaN with a defined area means that it was
            not reached (censored at the largest share).
    """

    area: np.ndarray = field(repr=False)
    slope: np.ndarray = field(repr=False)
    breakdown: np.ndarray = field(repr=False)


def skill(
    score: np.ndarray | float, constant: np.ndarray | float, perfect: np.ndarray | float = 1.0
) -> np.ndarray:
    """Rescale a score so that a constant predictor has 0 and a perfect one 1.

    (score - constant) / (perfect - constant)

    Args:
        score: any shape.
        constant: the score of a constant predictor, broadcastable.
        perfect: the best possible score, above or below `constant`.

    Returns:
        The skill, at most 1; below 0 for less than a constant; NaN where the constant predictor is perfect.

    Example:
        >>> skill(np.array([0.6, 0.8, 1.0]), constant=0.6).round(3)
        array([0. , 0.5, 1. ])
    """
    constant = np.asarray(constant, dtype=np.float64)
    span = perfect - constant
    return np.asarray((score - constant) / np.where(span == 0.0, np.nan, span))


def robustness(fractions: np.ndarray, skills: np.ndarray) -> Robustness:
    """Summarise the skill as a function of the contaminated share.

    area = ∫ max(skill, 0) / skill(0) over [0, largest share], trapezoid, divided by the largest share

    Args:
        fractions: (F,) distinct contaminated shares in [0, 1), in any order; 0 and at least one more.
        skills: (M, F) skill of each model at each share.

    Returns:
        The figures of each model. All are NaN without a share of 0 or without a second share, for a model with no
        clean skill to lose (0 or below), and for one with an undefined skill (NaN, diverged) at any share.

    Example:
        >>> found = robustness(np.array([0.0, 0.2, 0.4]), np.array([[0.8, 0.6, 0.2]]))
        >>> found.area.round(4), found.slope.round(4), found.breakdown.round(4)
        (array([0.6875]), array([-1.]), array([0.3]))
    """
    order = np.argsort(fractions)
    share, curve = np.asarray(fractions, dtype=np.float64)[order], np.asarray(skills, dtype=np.float64)[:, order]
    if len(share) < 2 or share[0] != 0.0:
        return Robustness(*np.full((3, len(curve)), np.nan))
    clean = curve[:, :1]
    usable = (clean > 0.0) & ~np.isnan(curve).any(axis=1, keepdims=True)
    kept = np.where(usable, curve / np.where(usable, clean, 1.0), np.nan)  # share of the clean skill that is left
    steps = np.diff(share)
    area = ((np.clip(kept, 0.0, None)[:, 1:] + np.clip(kept, 0.0, None)[:, :-1]) / 2.0 @ steps) / share[-1]
    slope = np.where(usable[:, 0], (curve[:, 1] - curve[:, 0]) / steps[0], np.nan)
    return Robustness(area, slope, _first_crossing(share, kept, 0.5))


def _first_crossing(share: np.ndarray, kept: np.ndarray, level: float) -> np.ndarray:
    """Return the share at which a curve first falls to `level`, (M,); NaN where it does not.

    Args:
        share: (F,) ascending.
        kept: (M, F) curves that start above the level.
        level: where to look.
    """
    below = kept <= level
    model = np.flatnonzero(below.any(axis=1))
    after = below[model].argmax(axis=1)
    high, low = kept[model, after - 1], kept[model, after]
    way_back = (level - low) / (high - low)  # measured from `after`, so that rounding cannot pass it
    crossing = np.full(len(kept), np.nan)
    crossing[model] = share[after] - way_back * (share[after] - share[after - 1])
    return crossing
