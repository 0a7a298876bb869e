"""Laws that a generator is to imitate: the features are noise, the target is a sample not paired with them.

Every seed draws its own rows, from streams that depend only on the name of the law and the seed. The noise is four
standard normal numbers a row. `start` is how many of its standard deviations the law lies from the outputs of an
untrained network, in every target: at 0 both overlap, at 10 they are far apart. It changes nothing else, since a
law is standardised before it is learnt.

Each law takes `rows`, the number of samples, and `seed`, the repetition, and raises BadValue where a number that
must be whole is not.
"""

from __future__ import annotations

import numpy as np

from lossbench.data.dataset import Dataset, Modes
from lossbench.data.generators import whole
from lossbench.randomness import stream

NOISE = 4
WITHIN = 3.0  # a sample belongs to a mode within so many of its standard deviations


def mixture(start: float = 0.0, rows: float = 500, seed: int = 0) -> Dataset:
    """Three separate normal clouds on a line, of unequal size: a law to be imitated.

    The centres are -3, 0 and 4, the shares 0.3, 0.5 and 0.2, each with a standard deviation of 0.5.

    Source: Pearson 1894, Contributions to the mathematical theory of evolution, Philosophical Transactions A 185:
    mixtures of normal curves.

    Example:
        >>> mixture(rows=100).target.shape
        (100, 1)
    """
    centres, shares = np.array([[-3.0], [0.0], [4.0]]), np.array([0.3, 0.5, 0.2])
    return _clouds("mixture", centres, shares, 0.5, start, rows, seed)


def eight_gaussians(start: float = 0.0, rows: float = 500, seed: int = 0) -> Dataset:
    """Eight normal clouds on a circle: a law to be imitated, of which generators miss modes.

    The circle has a radius of 2, each cloud a standard deviation of 0.2; all are as frequent.

    Source: Metz, Poole, Pfau and Sohl-Dickstein 2017, Unrolled generative adversarial networks, ICLR, section 3.3,
    with wider clouds, as small networks need.

    Example:
        >>> eight_gaussians(rows=100).target.shape
        (100, 2)
    """
    angles = np.arange(8) * np.pi / 4
    centres = 2.0 * np.column_stack([np.cos(angles), np.sin(angles)])
    return _clouds("eight_gaussians", centres, np.full(8, 1 / 8), 0.2, start, rows, seed)


def crescents(noise: float = 0.1, start: float = 0.0, rows: float = 500, seed: int = 0) -> Dataset:
    """Two interleaved half circles, points of both: a law to be imitated that is no mixture of clouds.

    Each point has a random angle on its half circle, of radius 1, plus N(0, noise²) in both coordinates.

    Source: scikit-learn, `make_moons`.

    Example:
        >>> crescents(rows=100).target.shape
        (100, 2)
    """
    count, random = whole("crescents", rows), stream("generate", "crescents", seed)
    angle, upper = random.uniform(0, np.pi, count), random.random(count) < 0.5
    points = np.where(upper, [np.cos(angle), np.sin(angle)], [1 - np.cos(angle), 0.5 - np.sin(angle)]).T
    return _imitated("crescents", points + noise * random.normal(size=(count, 2)), start, seed)


def _clouds(
    name: str, centres: np.ndarray, shares: np.ndarray, spread: float, start: float, rows: float, seed: int
) -> Dataset:
    count, random = whole(name, rows), stream("generate", name, seed)
    chosen = random.choice(len(shares), size=count, p=shares)
    points = centres[chosen] + spread * random.normal(size=(count, centres.shape[1]))
    return _imitated(name, points, start, seed, Modes(centres, shares, WITHIN * spread))


def _imitated(name: str, points: np.ndarray, start: float, seed: int, modes: Modes | None = None) -> Dataset:
    noise = stream("noise", name, seed).normal(size=(len(points), NOISE))
    axes = ("x", "y")[: points.shape[1]]
    names = tuple(f"z{i}" for i in range(NOISE))
    return Dataset(name, "distribution", noise, points, axes, names, modes=modes, start=start)
