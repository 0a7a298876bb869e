"""Data sets drawn from a known law, so that the right answer is known.

Every seed draws its own rows, from a stream that depends only on the name of the law and the seed. So seeds share
no rows, and results hold for the law rather than for one table.

Each law takes `rows`, the number of samples, and `seed`, the repetition, and raises BadValue where a number that
must be whole is not.
"""

from __future__ import annotations

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import STRATIFIABLE
from lossbench.errors import BadValue
from lossbench.randomness import stream

_TEN = tuple(f"x{i}" for i in range(10))


def moons(noise: float = 0.3, rows: float = 500, seed: int = 0) -> Dataset:
    """Two interleaved half circles in the plane: not linearly separable.

    Each point has a random angle on its half circle, of radius 1, plus N(0, noise²) in both coordinates. Half of
    the points are in each class.

    Source: scikit-learn, `make_moons`.

    Example:
        >>> moons(rows=100).features.shape
        (100, 2)
    """
    from sklearn.datasets import make_moons

    features, target = make_moons(whole("moons", rows), noise=noise, random_state=_random_state("moons", seed))
    return Dataset("moons", "binary", features, target.astype(np.int64), ("upper", "lower"), ("x", "y"))


def imbalanced(positives: float = 0.1, rows: float = 1000, seed: int = 0) -> Dataset:
    """A rare class to be found among a frequent one; balanced accuracy is its primary score.

    A share `positives`, in (0, 0.5], is of the positive class. Each class is two normal clusters about corners of
    a cube in 4 dimensions; 2 further features are linear combinations of these, 4 are noise. Every seed draws the
    clusters and the combinations too. Accuracy would mislead: always predicting the negative class scores
    1 - positives.

    Source: Guyon 2003, Design of experiments for the NIPS 2003 variable selection benchmark, as in scikit-learn's
    `make_classification`.

    Raises:
        BadValue: fewer than five rows would be positive.

    Example:
        >>> int(imbalanced(positives=0.05).target.sum())
        50
    """
    from sklearn.datasets import make_classification

    count = whole("imbalanced", rows)
    if round(positives * count) < STRATIFIABLE:
        raise BadValue(
            f"imbalanced: {positives:g} of {count} rows makes {round(positives * count)} positive rows; "
            f"a split needs {STRATIFIABLE}, so give more rows or a larger share"
        )
    features, target = make_classification(
        n_samples=count,
        n_features=10,
        n_informative=4,
        n_redundant=2,
        weights=[1 - positives],
        flip_y=0,
        random_state=_random_state("imbalanced", seed),
    )
    target, classes = target.astype(np.int64), ("negative", "positive")
    return Dataset("imbalanced", "binary", features, target, classes, _TEN, score="balanced_accuracy")


def friedman1(noise: float = 1.0, rows: float = 500, seed: int = 0) -> Dataset:
    """A smooth function of five features out of ten, with normal noise.

    y = 10 sin(π x₀ x₁) + 20 (x₂ - ½)² + 10 x₃ + 5 x₄ + N(0, noise²), all x uniform on [0, 1]. The signal's
    standard deviation is about 4.9.

    Source: Friedman 1991, Multivariate adaptive regression splines, The Annals of Statistics 19.

    Example:
        >>> friedman1(rows=60).target.shape
        (60, 1)
    """
    from sklearn.datasets import make_friedman1

    count, state = whole("friedman1", rows), _random_state("friedman1", seed)
    features, target = make_friedman1(count, n_features=10, noise=noise, random_state=state)
    return Dataset("friedman1", "regression", features, target.reshape(-1, 1), ("y",), _TEN)


def demand(noise: float = 0.4, rows: float = 600, seed: int = 0) -> Dataset:
    """Units sold in a week: positive, skewed to the right, with errors in proportion to size.

    log y = 4 - 1.5 log(price) + 0.8 promotion + 0.5 sin(2π week / 52) + 0.4 size + N(0, noise²): a price
    elasticity with lognormal errors, so that the mean lies above the median by a factor of exp(noise² / 2). The
    season is given as a sine and a cosine, which makes 5 features.

    Source: the constant-elasticity model, as in Wooldridge 2013, Introductory Econometrics, section 6.2.

    Example:
        >>> bool(demand().target.min() > 0)
        True
    """
    count, random = whole("demand", rows), stream("generate", "demand", seed)
    price = random.uniform(0.5, 2.0, count)
    promotion = (random.random(count) < 0.25).astype(np.float64)
    season = 2 * np.pi * random.integers(0, 52, count) / 52
    size = random.normal(size=count)
    mean = 4 - 1.5 * np.log(price) + 0.8 * promotion + 0.5 * np.sin(season) + 0.4 * size
    target = np.exp(mean + noise * random.normal(size=count))
    features = np.column_stack([price, promotion, np.sin(season), np.cos(season), size])
    names = ("price", "promotion", "season_sin", "season_cos", "store_size")
    return Dataset("demand", "regression", features, target.reshape(-1, 1), ("units",), names)


def blobs(classes: float = 3, rows: float = 500, seed: int = 0) -> Dataset:
    """Which cloud is a point from? Overlapping normal clouds in 8 dimensions.

    x = m + N(0, 1) in each dimension, with m one mean a class on a sphere of radius 1.6, drawn once for each
    number of classes. All classes have equally many rows.

    Source: Fisher 1936, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7: normal
    classes of one covariance.

    Example:
        >>> blobs(classes=10).classes[-1], blobs().features.shape
        ('9', (500, 8))
    """
    count, number = whole("blobs", rows), whole("blobs", classes, "classes")
    random = stream("generate", "blobs", seed)
    means = stream("means", "blobs", number).normal(size=(number, 8))
    means *= 1.6 / np.linalg.norm(means, axis=1, keepdims=True)
    target = random.permutation(np.arange(count) % number)
    features = means[target] + random.normal(size=(count, 8))
    return Dataset("blobs", "multiclass", features, target, tuple(map(str, range(number))), _TEN[:8])


def line(noise: float = 1.0, rows: float = 500, seed: int = 0) -> Dataset:
    """A sum of ten features with normal noise: what a straight line can learn.

    y = (x₀ + x₁ + ... + x₉) / √10 + N(0, noise²), all x from N(0, 1). The law is the same with the signs of all x
    and of y turned round.

    Source: the normal linear model, as in Hastie, Tibshirani and Friedman 2009, The Elements of Statistical
    Learning, section 3.2.

    Example:
        >>> line(rows=60).target.shape
        (60, 1)
    """
    count, random = whole("line", rows), stream("generate", "line", seed)
    features = random.normal(size=(count, 10))
    target = features.sum(axis=1, keepdims=True) / np.sqrt(10.0) + noise * random.normal(size=(count, 1))
    return Dataset("line", "regression", features, target, ("y",), _TEN)


def multilabel(rows: float = 600, seed: int = 0) -> Dataset:
    """Which of five topics does a text have? Word counts that depend on its set of topics; some texts have none.

    A text's number of topics is Poisson with mean 2, its length Poisson with mean 50, and each word comes from the
    distribution of one of its topics. Every seed draws these distributions too. There are 20 words.

    Source: scikit-learn, `make_multilabel_classification`.

    Example:
        >>> multilabel().target.shape
        (600, 5)
    """
    from sklearn.datasets import make_multilabel_classification

    features, target = make_multilabel_classification(
        n_samples=whole("multilabel", rows), n_labels=2, random_state=_random_state("multilabel", seed)
    )
    topics, words = tuple(f"topic{i}" for i in range(5)), tuple(f"word{i}" for i in range(20))
    return Dataset("multilabel", "multilabel", features.astype(np.float64), target.astype(np.int64), topics, words)


def _random_state(name: str, seed: int) -> int:
    return int(stream("generate", name, seed).integers(2**32))


def whole(name: str, number: float, parameter: str = "rows") -> int:
    """Return a parameter as a whole number.

    Raises:
        BadValue: it is none.
    """
    if number != int(number):
        raise BadValue(f"{name}: {parameter}={number:g} is not a whole number; give one such as {round(number)}")
    return int(number)
