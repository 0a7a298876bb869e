"""The order of the training rows in each epoch, drawn for a seed; batches are slices of it."""

from __future__ import annotations

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import Part
from lossbench.randomness import stream


def drawn_order(dataset: Dataset, name: str, seed: int, epochs: int, train: Part) -> np.ndarray:
    """Draw the order of the training rows of a split in each epoch, (epochs, rows), by the kind of its data set.

    Args:
        dataset: says whether rows of a class, or the pixels of an image, stay together.
        name: of the random stream.
        seed: the repetition.
        epochs: how many.
        train: the training part.
    """
    if dataset.together > 1:
        return class_order(name, seed, epochs, train.target, dataset.together)
    images = len(train.features) // dataset.pixels
    return of_pixels(batch_order(name, seed, epochs, images), dataset.pixels)


def batch_order(dataset: str, seed: int, epochs: int, rows: int) -> np.ndarray:
    """Draw the order of the training rows in each epoch, (epochs, rows); more epochs only add rows at the end.

    Example:
        >>> bool((batch_order("iris", 0, 2, 90) == batch_order("iris", 0, 5, 90)[:2]).all())
        True
    """
    keys = stream("order", dataset, seed).random((epochs, rows))
    # Two keys of an epoch are equal once in 10^10 epochs, so a faster sort that is not stable will do.
    return np.argsort(keys, axis=1).astype(np.int32)


def class_order(dataset: str, seed: int, epochs: int, target: np.ndarray, together: int) -> np.ndarray:
    """Draw the order of the training rows in each epoch, so that a batch has several rows of each of its classes.

    The rows of each class are shuffled and cut into pieces of nearly equal length, and the pieces are shuffled.

    Source: Hermans, Beyer and Leibe 2017, In defense of the triplet loss, section 2: batches of P classes with K
    rows each.

    Args:
        dataset: the name of the random stream.
        seed: the repetition.
        epochs: how many.
        target: (rows,) class indices.
        together: K, about how many rows of a class are adjacent.

    Returns:
        (epochs, rows); more epochs only add rows at the end.

    Example:
        >>> class_order("digit_pairs", 0, 1, np.repeat([0, 1], 4), together=4)[0].tolist()
        [2, 1, 0, 3, 4, 5, 6, 7]
    """
    keys = stream("order", dataset, seed).random((epochs, 2, len(target)))
    counts = np.bincount(target)
    starts = np.cumsum(counts) - counts
    pieces = np.maximum(1, np.round(counts / together)).astype(int)
    classes = np.sort(target, kind="stable")
    rank = np.arange(len(target)) - starts[classes]
    piece = starts[classes] + rank * pieces[classes] // counts[classes]  # the number of each row's piece
    orders = []
    for within, across in keys:
        shuffled = np.lexsort((within, target))  # sorted by class
        orders.append(shuffled[np.argsort(across[piece], kind="stable")])
    return np.array(orders, dtype=np.int32)


def of_pixels(order: np.ndarray, pixels: int) -> np.ndarray:
    """Return the order of rows (epochs, images * pixels) from that of images (epochs, images).

    The pixels of an image stay together, and in their own order.

    Example:
        >>> of_pixels(np.array([[1, 0]], dtype=np.int32), 3)
        array([[3, 4, 5, 0, 1, 2]], dtype=int32)
    """
    rows = order[..., None] * np.int32(pixels) + np.arange(pixels, dtype=np.int32)
    return rows.reshape(len(order), -1)
