"""Data sets drawn from a known law, so that the right answer is known.

Every seed draws its own rows, from a stream that depends only on the name of the law and the seed. So seeds share
no rows, and results hold for the law rather than for one table.

Four of the laws are scikit-learn's, drawn here from the same numbers in the same order, so that their rows are the
same to the last bit and a run that has nothing to train need not import it.

Each law takes `rows`, the number of samples, and `seed`, the repetition, and raises BadValue where a number that
must be whole is not.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import STRATIFIABLE
from lossbench.errors import BadValue
from lossbench.randomness import stream

_TEN = tuple(f"x{i}" for i in range(10))


def moons(noise: float = 0.3, rows: float = 500, seed: int = 0) -> Dataset:
    """Two interleaved half circles in the plane: not linearly separable.

    The points of a class stand at equal angles on its half circle, of radius 1; N(0, noise²) is added in both
    coordinates. Half of the points are in each class.

    Source: scikit-learn, `make_moons`.

    Example:
        >>> moons(rows=100).features.shape
        (100, 2)
    """
    count, random = whole("moons", rows), _legacy("moons", seed)
    upper, lower = (np.linspace(0, np.pi, points) for points in (count // 2, count - count // 2))
    circles = np.append(np.cos(upper), 1 - np.cos(lower)), np.append(np.sin(upper), 1 - np.sin(lower) - 0.5)
    target = np.repeat([0, 1], [len(upper), len(lower)])
    order = _shuffled(count, random)
    features = np.column_stack(circles)[order] + random.normal(scale=noise, size=(count, 2))
    return Dataset("moons", "binary", features, target[order], ("upper", "lower"), ("x", "y"))


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
    count = whole("imbalanced", rows)
    if round(positives * count) < STRATIFIABLE:
        raise BadValue(
            f"imbalanced: {positives:g} of {count} rows makes {round(positives * count)} positive rows; "
            f"a split needs {STRATIFIABLE}, so give more rows or a larger share"
        )
    random, share = _legacy("imbalanced", seed), (1 - positives, 1.0 - (1 - positives))
    sizes = [int(count * share[cluster % 2] / 2) for cluster in range(4)]
    for cluster in range(count - sum(sizes)):
        sizes[cluster] += 1
    features, target = _clusters(sizes, random), np.repeat([0, 1, 0, 1], sizes)
    order, columns = _shuffled(count, random), _shuffled(10, random)
    features, classes = features[np.ix_(order, columns)], ("negative", "positive")
    return Dataset("imbalanced", "binary", features, target[order], classes, _TEN, score="balanced_accuracy")


def _clusters(sizes: list[int], random: np.random.RandomState) -> np.ndarray:
    """Return the rows of normal clusters about corners of a cube in 4 dimensions, and 6 features more."""
    count, informative = sum(sizes), 4
    corners = random.permutation(2**informative)[: len(sizes)]
    rows = random.standard_normal(size=(count, informative))
    for corner, cluster in zip(corners, np.split(rows, np.cumsum(sizes)[:-1]), strict=True):
        mixing = 2 * random.uniform(size=(informative, informative)) - 1
        cluster[...] = np.dot(cluster, mixing) + [1.0 if corner & bit else -1.0 for bit in (8, 4, 2, 1)]
    combined = np.dot(rows, 2 * random.uniform(size=(informative, 2)) - 1)
    noise = random.standard_normal(size=(count, 4))
    random.uniform(size=count)  # scikit-learn flips labels by these numbers; here it flips none
    return np.column_stack([rows, combined, noise])


def friedman1(noise: float = 1.0, rows: float = 500, seed: int = 0) -> Dataset:
    """A smooth function of five features out of ten, with normal noise.

    y = 10 sin(π x₀ x₁) + 20 (x₂ - ½)² + 10 x₃ + 5 x₄ + N(0, noise²), all x uniform on [0, 1]. The signal's
    standard deviation is about 4.9.

    Source: Friedman 1991, Multivariate adaptive regression splines, The Annals of Statistics 19.

    Example:
        >>> friedman1(rows=60).target.shape
        (60, 1)
    """
    count, random = whole("friedman1", rows), _legacy("friedman1", seed)
    features = random.uniform(size=(count, 10))
    x = features.T
    signal = 10 * np.sin(np.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4]
    target = signal + noise * random.standard_normal(size=count)
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

    x = m + N(0, 1) in each dimension, with one mean m for each class on a sphere of radius 1.6, drawn once for
    each number of classes. All classes have equally many rows.

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
    and of y reversed.

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
    topics, words = tuple(f"topic{i}" for i in range(5)), tuple(f"word{i}" for i in range(20))
    count, random = whole("multilabel", rows), _legacy("multilabel", seed)
    common = random.uniform(size=len(topics))
    common /= common.sum()
    used = random.uniform(size=(len(words), len(topics)))
    used /= used.sum(axis=0)
    features, target = np.zeros((count, len(words))), np.zeros((count, len(topics)), dtype=np.int64)
    steps, said = common.cumsum(), cache(partial(_cumulated, used))
    for row in range(count):
        chosen = _topics(steps, random)
        target[row, chosen] = 1
        features[row] = _words(said(chosen), random)
    return Dataset("multilabel", "multilabel", features, target, topics, words)


def _topics(cumulated: np.ndarray, random: np.random.RandomState) -> tuple[int, ...]:
    """Draw the topics of a text, ascending; `cumulated` (topics,) holds their cumulative probabilities."""
    number = len(cumulated) + 1
    while number > len(cumulated):
        number = random.poisson(2)
    chosen: set[int] = set()
    while len(chosen) < number:
        chosen.update(cumulated.searchsorted(random.uniform(size=number - len(chosen))).tolist())
    return tuple(sorted(chosen))


def _cumulated(used: np.ndarray, chosen: tuple[int, ...]) -> np.ndarray:
    """Return the cumulative word probabilities (words,) of texts with some topics; zeros for no topics."""
    cumulated = used[:, list(chosen)].sum(axis=1).cumsum()
    return np.asarray(cumulated / cumulated[-1] if chosen else cumulated)


def _words(cumulated: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Draw how often a text has each word, (words,); without topics all words are equally likely."""
    length, words = 0, len(cumulated)
    while not length:
        length = random.poisson(50)
    if not cumulated[-1]:
        return np.bincount(random.randint(words, size=length), minlength=words)
    return np.bincount(cumulated.searchsorted(random.uniform(size=length)), minlength=words)


def _legacy(name: str, seed: int) -> np.random.RandomState:
    """Return scikit-learn's kind of generator, whose numbers are the same in every version of numpy."""
    return np.random.RandomState(int(stream("generate", name, seed).integers(2**32)))


def _shuffled(count: int, random: np.random.RandomState) -> np.ndarray:
    """Return 0 ... count - 1 in random order."""
    order = np.arange(count)
    random.shuffle(order)
    return order


def whole(name: str, number: float, parameter: str = "rows") -> int:
    """Return a parameter as a whole number.

    Raises:
        BadValue: it is not whole.
    """
    if number != int(number):
        raise BadValue(f"{name}: {parameter}={number:g} is not a whole number; give one such as {round(number)}")
    return int(number)
