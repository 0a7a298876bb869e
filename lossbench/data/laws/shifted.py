"""A curve that is learnt in one place and tested in another: covariate shift."""

from __future__ import annotations

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import fifth_of
from lossbench.data.generators import whole
from lossbench.randomness import stream

CENTRE, WIDTH, NARROW = 0.5, 0.5, 0.3


def shifted(shift: float = 0.5, noise: float = 0.3, rows: float = 500, seed: int = 0) -> Dataset:
    """A cubic curve whose test part lies elsewhere than what was learnt from.

    y = x³ - x + N(0, noise²). In the training and the validation part x is from N(0.5, 0.5²), in the test part, a
    fifth of the rows, from N(0.5 - shift, 0.3²): the same curve in other places. The default is the source's.

    Source: Shimodaira 2000, Improving predictive inference under covariate shift by weighting the log-likelihood
    function, Journal of Statistical Planning and Inference 90, section 2.

    Example:
        >>> found = shifted(shift=2)
        >>> bool(found.features[found.parts == 2].mean() < found.features[found.parts == 0].mean() - 1.5)
        True
    """
    count, random = whole("shifted", rows), stream("generate", "shifted", seed)
    fifth = fifth_of(count)
    parts = np.repeat([0, 1, 2], [count - 2 * fifth, fifth, fifth])
    tested = parts == 2
    x = np.where(tested, CENTRE - shift, CENTRE) + np.where(tested, NARROW, WIDTH) * random.normal(size=count)
    target = x**3 - x + noise * random.normal(size=count)
    return Dataset("shifted", "regression", x[:, None], target[:, None], ("y",), ("x",), parts=parts)
