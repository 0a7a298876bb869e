"""Images of objects on textured noise, from a law that says where the objects are: a mask to be found.

A row is a pixel. Its features are the square of 5 by 5 pixels about it, line by line, and its target says whether
it is of an object. The rows of an image follow one another, line by line, and a split keeps them in one part.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.generators import whole
from lossbench.errors import DataError
from lossbench.randomness import stream

SIDE = 16
"""Pixels of an image's side; a multiple of 8, so that an image fills whole vectors of 32 and 64 numbers."""

PATCH = 5
"""Pixels of a patch's side."""

OBJECTS = 3
"""The most objects of an image; there is at least one, unless the image is empty."""

GRAIN, SWELL = 0.7, 2.0
"""Standard deviations of the blur, in pixels, that makes the texture of white noise, and the shape of islands."""

SPREAD = 0.5
"""The largest share by which an object's area differs from the law's, either way."""

FEATURES = tuple(f"x{row}{column}" for row in range(PATCH) for column in range(PATCH))

Height = Callable[[np.random.Generator], np.ndarray]
"""Draws a landscape (SIDE, SIDE), whose highest pixels are the objects."""


def discs(
    foreground: float = 0.1, noise: float = 0.5, empty: float = 0.0, images: float = 60, seed: int = 0
) -> Dataset:
    """Which pixels are of a disc? One to three discs on textured noise, in images of 16 by 16 pixels.

    The discs of an image grow from centres anywhere in it, at rates between 1 and 2, until they cover its share
    of the pixels: uniform between a half and one and a half times `foreground`, and at least one pixel. A share
    `empty` of the images has none. The grey of a pixel is 1 in an object and 0 elsewhere, plus `noise` times white
    noise that is blurred over 0.7 pixels, which is the texture, and rescaled to a variance of 1. A pixel's
    features are the 5 by 5 pixels about it; beyond the edge an image is mirrored.

    Source: Canny 1986, A computational approach to edge detection, IEEE Transactions on Pattern Analysis and
    Machine Intelligence 8: steps of grey in Gaussian noise.

    Raises:
        BadValue: a number of images that is not whole.
        DataError: no image has an object.

    Example:
        >>> made = discs(foreground=0.03, images=40)
        >>> made.features.shape, made.pixels, 0.02 < made.target.mean() < 0.04
        ((10240, 25), 256, np.True_)
    """
    return _drawn("discs", partial(_grown, longest=1.0), foreground, noise, empty, images, seed)


def ellipses(
    foreground: float = 0.1, noise: float = 0.5, empty: float = 0.0, images: float = 60, seed: int = 0
) -> Dataset:
    """Which pixels are of an ellipse? As `discs`, but up to four times as long as wide, and turned anyhow.

    Source: Canny 1986, A computational approach to edge detection, IEEE Transactions on Pattern Analysis and
    Machine Intelligence 8: steps of grey in Gaussian noise.

    Example:
        >>> ellipses(images=20).classes
        ('background', 'object')
    """
    return _drawn("ellipses", partial(_grown, longest=4.0), foreground, noise, empty, images, seed)


def islands(
    foreground: float = 0.1, noise: float = 0.5, empty: float = 0.0, images: float = 60, seed: int = 0
) -> Dataset:
    """Which pixels are of an island? As `discs`, but what stands highest in a landscape of blurred noise.

    The blur is over 2 pixels, so islands have ragged edges, and there is any number of them.

    Source: Adler 1981, The geometry of random fields, Wiley: excursion sets of a Gaussian field.

    Example:
        >>> int(islands(images=20).groups.max())
        19
    """
    return _drawn("islands", partial(_blurred, width=SWELL), foreground, noise, empty, images, seed)


def _drawn(
    name: str, height: Height, foreground: float, noise: float, empty: float, images: float, seed: int
) -> Dataset:
    count, random = whole(name, images, "images"), stream("generate", name, seed)
    masks = np.stack([_mask(height(random), foreground, empty, random) for _ in range(count)])
    if not masks.any():
        raise DataError(
            f"'{name}': no image of seed {seed} has an object, so there is nothing to be found; give a smaller "
            "share empty, or more images"
        )
    grey = masks + noise * np.stack([_blurred(random, GRAIN) for _ in range(count)])
    groups = np.repeat(np.arange(count), SIDE**2)
    return Dataset(
        name,
        "segmentation",
        _patches(grey),
        masks.reshape(-1).astype(np.int64),
        ("background", "object"),
        FEATURES,
        groups=groups,
        pixels=SIDE**2,
    )


def _mask(height: np.ndarray, foreground: float, empty: float, random: np.random.Generator) -> np.ndarray:
    """Return the highest pixels, as many as the image's share makes, (SIDE, SIDE) bool; none if it is empty."""
    share, without = foreground * random.uniform(1 - SPREAD, 1 + SPREAD), random.random() < empty
    area = 0 if without else max(1, round(share * height.size))
    ranks = np.argsort(np.argsort(-height, axis=None, kind="stable"), kind="stable")
    return (ranks < area).reshape(height.shape)


def _grown(random: np.random.Generator, longest: float) -> np.ndarray:
    """Return minus the time at which each pixel is reached by ellipses that grow, (SIDE, SIDE)."""
    objects = int(random.integers(1, OBJECTS + 1))
    centres, angles = random.uniform(0, SIDE - 1, size=(OBJECTS, 2)), random.uniform(0, np.pi, size=OBJECTS)
    rates, lengths = random.uniform(1, 2, size=OBJECTS), random.uniform(1, longest, size=OBJECTS)
    away = np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE), indexing="ij"), axis=-1) - centres[:, None, None]
    cosine, sine = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    along, across = cosine * away[..., 0] + sine * away[..., 1], cosine * away[..., 1] - sine * away[..., 0]
    reached = np.hypot(along / lengths[:, None, None], across) / rates[:, None, None]
    return np.asarray(-reached[:objects].min(axis=0))


def _blurred(random: np.random.Generator, width: float) -> np.ndarray:
    """Return normal noise of variance 1, blurred over so many pixels, (SIDE, SIDE)."""
    from scipy.ndimage import gaussian_filter

    dot = np.zeros((SIDE, SIDE))
    dot[0, 0] = 1.0
    spread = np.sqrt((gaussian_filter(dot, width, mode="wrap") ** 2).sum())
    return np.asarray(gaussian_filter(random.normal(size=(SIDE, SIDE)), width, mode="wrap") / spread)


def _patches(grey: np.ndarray) -> np.ndarray:
    """Return the square about each pixel of images (images, SIDE, SIDE), (images * SIDE², PATCH²)."""
    edge = PATCH // 2
    wide = np.pad(grey, ((0, 0), (edge, edge), (edge, edge)), mode="reflect")
    squares = np.lib.stride_tricks.sliding_window_view(wide, (PATCH, PATCH), axis=(1, 2))
    return np.ascontiguousarray(squares.reshape(-1, PATCH**2))
