"""Images of letters drawn from a law: strokes of the Hershey fonts, distorted, moved, with noise.

The Hershey fonts were originally created by Dr. A. V. Hershey while working at the U.S. National Bureau of
Standards; the format of the data in the package that brings them, the extra `letters`, was originally created by
James Hurt, Cognition, Inc.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.generators import whole
from lossbench.data.structured.images import SHARES, TOGETHER
from lossbench.errors import BadValue, DataError
from lossbench.randomness import stream

FONTS = (
    *("futural", "futuram", "rowmant", "timesr", "timesi", "timesib", "scripts", "scriptc"),
    *("gothiceng", "gothicger", "gothicita"),
)
"""The fonts of the package that have all letters; each design once, where it has two names for one."""

LETTERS = string.ascii_uppercase + string.ascii_lowercase
SIDE = 16
CAPITAL = 10.0
"""Pixels that a capital is high, which has `UNITS` of the fonts."""

UNITS = 21.0
STEP, INK = 0.4, 0.35
"""A stroke is points so many units apart, each with so much ink; a pixel is black when it has one of ink."""

TURN, SHEAR, STRETCH, SHIFT = 0.15, 0.15, 0.1, 0.6
"""Standard deviations at jitter = 1: in radians, of the slope, of the logarithm of each side, and in pixels."""


@dataclass(frozen=True)
class Hand:
    """How letters are drawn.

    Args:
        fonts: (fonts,) the numbers of the fonts to draw from.
        jitter: factor on the usual deviations.
        noise: standard deviation of the noise that is added to every pixel.
    """

    fonts: np.ndarray
    jitter: float
    noise: float


def letters(
    classes: float = 26, rows: float = 20, noise: float = 0.1, jitter: float = 1, unseen: float = 0, seed: int = 0
) -> Dataset:
    """Which letter is it? Strokes of eleven fonts, turned and moved, 16 × 16 pixels; needs the extra `letters`.

    The first 26 classes are the capitals, the others small letters. Every seed draws images of its own, each a
    glyph of a font at random with a jitter and noise of its own, so that no drawing of a test image was seen in
    training; its font was. With unseen=1 the fonts are split too: seven for training, two for each other part.
    `rows` is the number of a class; 60 % of them are in the training part. Results hold for these fonts.

    Source: Hershey 1967, Calligraphy for computers, U.S. Naval Weapons Laboratory report 2101.

    Raises:
        BadValue: a number that is not whole, or rows that are no multiple of five.
        DataError: the package of the fonts is not installed.

    Example:
        >>> from lossbench.data import records
        >>> [record.name for record in records() if record.package]
        ['letters', 'letter_images']
    """
    wanted, each = whole("letters", classes, "classes"), whole("letters", rows)
    if each % 5:
        raise BadValue(f"letters: rows={each} a class cannot be split 60/20/20; give a multiple of 5")
    random = stream("generate", "letters", seed)
    drawn, target, part = [], [], []
    for number, fonts in enumerate(_fonts(bool(whole("letters", unseen, "unseen")), random)):
        mine = np.repeat(np.arange(wanted), round(SHARES[number] * each))
        drawn.append(_images(mine, Hand(fonts, jitter, noise), random))
        target.append(mine)
        part.append(np.full(len(mine), number))
    return Dataset(
        "letters",
        "multiclass",
        np.concatenate(drawn),
        np.concatenate(target),
        tuple(LETTERS[:wanted]),
        tuple(f"pixel_{row}_{column}" for row in range(SIDE) for column in range(SIDE)),
        parts=np.concatenate(part),
        image_shape=(SIDE, SIDE),
    )


def letter_images(together: float = TOGETHER, seed: int = 0, **law: float) -> Dataset:
    """Which letter is it? The images of `letters`, to be embedded: 26 classes, or 52; needs the extra `letters`.

    Source: Hershey 1967, Calligraphy for computers, U.S. Naval Weapons Laboratory report 2101.

    Raises:
        BadValue: as for `letters`.
        DataError: likewise.
    """
    side_by_side = whole("letter_images", together, "together")
    return replace(letters(**law, seed=seed), name="letter_images", task="embedding", together=side_by_side)


def _fonts(unseen: bool, random: np.random.Generator) -> list[np.ndarray]:
    """Return the numbers of the fonts of the training, validation and test part."""
    order = random.permutation(len(FONTS))
    cuts = np.round(np.cumsum(SHARES[:2]) * len(FONTS)).astype(int)
    return np.split(order, cuts) if unseen else [order] * len(SHARES)


def _images(target: np.ndarray, hand: Hand, random: np.random.Generator) -> np.ndarray:
    """Draw a letter for each class (images,), (images, pixels)."""
    glyphs, fonts = _glyphs(), random.choice(hand.fonts, size=len(target))
    points = [glyphs[font][letter] for font, letter in zip(fonts, target, strict=True)]
    image = np.repeat(np.arange(len(target)), [len(one) for one in points])
    matrices, shifts = _moves(len(target), hand.jitter, random)
    places = np.einsum("pij,pj->pi", matrices[image], np.concatenate(points)) + shifts[image]
    ink = splashed(places + (SIDE - 1) / 2, image, len(target))
    return ink + hand.noise * random.normal(size=ink.shape)


def _moves(count: int, jitter: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw affine maps: matrices (count, 2, 2) and shifts (count, 2)."""
    turn, slope = jitter * TURN * random.normal(size=count), jitter * SHEAR * random.normal(size=count)
    sides = np.exp(jitter * STRETCH * random.normal(size=(count, 2)))
    cosine, sine = np.cos(turn), np.sin(turn)
    turned = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)
    sheared = np.stack([np.stack([np.ones(count), slope], -1), np.tile([0.0, 1.0], (count, 1))], -2)
    return turned @ sheared * sides[:, None, :], jitter * SHIFT * random.normal(size=(count, 2))


def splashed(places: np.ndarray, image: np.ndarray, count: int) -> np.ndarray:
    """Return images of points of ink, each spread over the four pixels about it; what falls outside is lost.

    Args:
        places: (points, 2) across and down, in pixels; (0, 0) is the middle of the first.
        image: (points,) the image of each.
        count: of images.

    Returns:
        (count, pixels) from 0 to 1.

    Example:
        >>> splashed(np.array([[1.5, 0.0]] * 2), np.zeros(2, int), 1)[0, :4].tolist()
        [0.0, 0.35, 0.35, 0.0]
    """
    corner = np.floor(places).astype(int)
    near = places - corner
    total = np.zeros(count * SIDE**2)
    for right in (0, 1):
        for down in (0, 1):
            across, below = corner[:, 0] + right, corner[:, 1] + down
            weight = np.abs(1 - right - near[:, 0]) * np.abs(1 - down - near[:, 1])
            inside = (across >= 0) & (across < SIDE) & (below >= 0) & (below < SIDE)
            pixel = (image * SIDE + below) * SIDE + across
            total += np.bincount(pixel[inside], INK * weight[inside], minlength=len(total))
    return total.reshape(count, -1).clip(max=1)


@cache
def _glyphs() -> list[list[np.ndarray]]:
    """Return the points (points, 2) of each letter of each font, in pixels about its middle."""
    library, found = _library(), []
    for font in FONTS:
        library.load_default_font(font)
        found.append([_points(glyph.strokes) for glyph in library.glyphs_for_text(LETTERS)])
    return found


def _points(strokes: Sequence[Sequence[tuple[float, float]]]) -> np.ndarray:
    points = np.array([point for stroke in strokes for point in _along(np.array(stroke, dtype=float))])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return np.asarray((points - middle) * CAPITAL / UNITS)


def _along(stroke: np.ndarray) -> Iterator[np.ndarray]:
    """Yield points along a stroke (corners, 2), `STEP` apart or a little less."""
    for start, end in pairwise(stroke):
        pieces = max(1, int(np.ceil(np.hypot(*(end - start)) / STEP)))
        yield from start + (end - start) * (np.arange(pieces) / pieces)[:, None]


def _library() -> Any:
    try:
        from HersheyFonts import HersheyFonts
    except ModuleNotFoundError as missing:
        if missing.name != "HersheyFonts":
            raise
        raise DataError(
            "letters are drawn with the package Hershey-Fonts, which is not installed; it comes with the extra "
            "'letters': pip install 'lossbench[letters]'"
        ) from None
    return HersheyFonts()
