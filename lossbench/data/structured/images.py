"""Images of many classes, for losses that shape an embedding: made of scikit-learn's handwritten digits.

Ten classes are too few for scores of the five nearest; pairs of digits make a hundred classes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from lossbench.data import toy
from lossbench.data.dataset import Dataset
from lossbench.data.generators import whole
from lossbench.errors import BadValue
from lossbench.randomness import stream

TOGETHER = 4
"""Rows of a class side by side in a batch; Hermans, Beyer and Leibe 2017, section 3, take four too."""

SHARES = (0.6, 0.2, 0.2)
"""Of the source images, and of the rows of a class, in the training, validation and test part."""

PAIRS = tuple((left, right) for left in range(10) for right in range(10))


def digit_pairs(classes: float = 100, rows: float = 20, together: float = TOGETHER, seed: int = 0) -> Dataset:
    """Which two digits stand side by side? Pairs of handwritten digits, 8 × 16 pixels, up to a hundred classes.

    Every seed splits the 1797 images of `digits` first, 60/20/20 of each digit, draws the pairs that are classes,
    without regard to order where there are a hundred, and then pairs images of one part at random: no stroke of a
    test image was seen in training. `rows` is the number of a class; 60 % of them are in the training part.
    Results hold for pairs of these images, not for other writers.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).

    Raises:
        BadValue: a number that is not whole, or rows that are no multiple of five.

    Example:
        >>> pairs = digit_pairs(classes=10)
        >>> pairs.features.shape, len(pairs.classes), pairs.parts.tolist().count(0)
        ((200, 128), 10, 120)
    """
    wanted, each = whole("digit_pairs", classes, "classes"), whole("digit_pairs", rows)
    if each % 5:
        raise BadValue(f"digit_pairs: rows={each} a class cannot be split 60/20/20; give a multiple of 5")
    random = stream("generate", "digit_pairs", seed)
    images, parts = _split_images(random)
    chosen = np.sort(random.permutation(len(PAIRS))[:wanted])
    features, target, part = [], [], []
    for number, share in enumerate(SHARES):
        for index, (left, right) in enumerate(PAIRS[place] for place in chosen):
            count = round(share * each)
            halves = [_drawn(parts[number][digit], count, random) for digit in (left, right)]
            features.append(np.concatenate([images[half].reshape(count, 8, 8) for half in halves], axis=2))
            target.append(np.full(count, index))
            part.append(np.full(count, number))
    names = tuple("{}{}".format(*PAIRS[place]) for place in chosen)
    return Dataset(
        "digit_pairs",
        "embedding",
        np.concatenate(features).reshape(-1, 128),
        np.concatenate(target).astype(np.int64),
        names,
        tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(16)),
        parts=np.concatenate(part),
        together=whole("digit_pairs", together, "together"),
        image_shape=(8, 16),
    )


def digit_images(together: float = TOGETHER) -> Dataset:
    """Which digit was written by hand? The images of `digits`, to be embedded: ten classes, for contrast.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).

    Example:
        >>> digit_images().features.shape
        (1797, 64)
    """
    return replace(_digits(), task="embedding", together=whole("digit_images", together, "together"))


_digits = cache(toy.digits)


def _split_images(random: np.random.Generator) -> tuple[np.ndarray, list[list[np.ndarray]]]:
    """Return the images (n, 64), and for each part and digit the numbers of its images."""
    digits = _digits()
    parts: list[list[np.ndarray]] = [[], [], []]
    for digit in range(10):
        mine = random.permutation(np.flatnonzero(digits.target == digit))
        cuts = np.round(np.cumsum(SHARES[:2]) * len(mine)).astype(int)
        for part, numbers in zip(parts, np.split(mine, cuts), strict=True):
            part.append(numbers)
    return digits.features, parts


def _drawn(numbers: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Draw some of the numbers, with replacement, (count,)."""
    return numbers[random.integers(len(numbers), size=count)]
