"""Random streams: one for each purpose, data set and seed.

Every random number in lossbench comes from here and is drawn on the CPU. A stream depends only on its own key,
never on the loss, the neighbours or the order of work. So two compared trainings differ in nothing but the loss.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(purpose: str, dataset: str, seed: int, *more: int | str) -> np.random.Generator:
    """Return the generator of one purpose ("split", "weights", "order" ...) for one data set and seed.

    Example:
        >>> first = stream("split", "iris", 0).random(3)
        >>> bool((first == stream("split", "iris", 0).random(3)).all())
        True
        >>> bool((first == stream("order", "iris", 0).random(3)).any())
        False
    """
    key = "\x1f".join(map(str, (purpose, dataset, seed, *more))).encode()
    words = np.frombuffer(hashlib.sha256(key).digest(), dtype=np.uint32)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words.tolist())))
