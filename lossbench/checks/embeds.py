"""Check whether an embedding loss brings the rows of a class together, by gradient descent on free embeddings."""

from __future__ import annotations

import numpy as np
import torch

from lossbench.checks import Observation, observed
from lossbench.checks.adam import by_adam
from lossbench.checks.case import Case, value_and_gradient
from lossbench.metrics.gallery import Gallery

CLASSES, ROWS = 5, 4
"""There are more classes than embedding dimensions, so that no dimension can be the score of a class."""

SCALES = (0.1, 1.0, 3.0)
"""The size of the embeddings at each start."""

STEP, FEWEST = 0.1, 20

TOGETHER = 0.9
"""The share of rows with a nearest row of their own class from which classes count as together; by chance 3/19."""


def embeds(case: Case) -> Observation:
    """Descend the loss from several starts, and look at the nearest row of each row."""
    target = torch.arange(CLASSES).repeat(ROWS)
    ends = descended(case, target)
    if not bool(ends.isfinite().all()):
        return observed("gradient descent on embeddings ends in NaN or infinity", failed=True)
    gallery = Gallery(target.numpy())
    shares = [float((gallery.read(end, None, target.numpy())[:, 0] < 1).mean()) for end in ends.numpy()]
    together = [share >= TOGETHER for share in shares]
    said = " / ".join(f"{share:.0%}" for share in shares)
    saw = f"from {len(SCALES)} starts, the nearest rows of {said} of the rows come to be of their class"
    # Failing from some starts is allowed: the hardest triplets do so where all rows begin close together.
    return observed(saw, failed=not any(together), noted=not all(together))


def descended(case: Case, target: torch.Tensor) -> torch.Tensor:
    """Return the embeddings at the end of Adam from every start: (starts, rows, dimensions)."""
    rng = np.random.default_rng(0)
    starts = [rng.normal(scale=scale, size=(len(target), case.outputs)) for scale in SCALES]

    def slope(point: torch.Tensor) -> torch.Tensor:
        return value_and_gradient(case, point, target.expand(len(point), -1))[1].double()

    sizes = STEP * torch.tensor(SCALES)[:, None, None]
    return by_adam(case, torch.as_tensor(np.stack(starts)), slope, sizes, FEWEST)
