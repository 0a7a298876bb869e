"""The two reference predictors that give a score its scale: a constant one and scikit-learn's own linear model.

Neither is a contender. Both learn from the clean training part, so they depend on nothing but data set and seed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lossbench.data.fold import Fold, Part
from lossbench.losses.record import Link
from lossbench.metrics.convergence import PLATEAU_TOLERANCE, convergence_target
from lossbench.metrics.gallery import Gallery, before
from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import score
from lossbench.schema import METRICS
from lossbench.task import Task


@dataclass(frozen=True)
class Baselines:
    """The scores of both reference predictors on one fold, and what follows from them.

    Args:
        constant_validation: score of the constant predictor on the validation part; skill 0 there.
        linear_validation: score of the linear model on the validation part.
        constant_test: score of the constant predictor on the test part; skill 0 there.
        target: the validation score that counts as having learnt, in units of the score as both are; NaN where
            the linear model is no better than the constant.
        tolerance: the gain in validation score that still counts as learning; see `PLATEAU_TOLERANCE`.
    """

    constant_validation: float
    linear_validation: float
    constant_test: float
    target: float
    tolerance: float


_KNOWN: dict[tuple[str, str, str], Baselines] = {}


def baselines(fold: Fold, score_name: str) -> Baselines:
    """Score a constant predictor and a linear model on a fold; cached, since every pack asks for them.

    The constant predictor gives every sample the frequencies of the training part: the most frequent class, for
    each label the more frequent value, for regression the mean. Its R² is 0 by definition, as that of the mean of
    the very values it is scored on. The linear model is scikit-learn's LogisticRegression (one for each label) or
    LinearRegression, with its default penalty, on the standardised features. Where embeddings are scored, the
    constant predictor gives all rows the same one, and the linear model is LinearDiscriminantAnalysis, as
    `Gallery.probe` has it: the other takes seconds for a hundred classes.

    Args:
        fold: one split of a data set.
        score_name: a metric of the task.

    Returns:
        Both scores, in original units for regression, and what follows from them.

    Raises:
        UnknownName: the task has no such metric.

    Example:
        >>> from lossbench.data import load_dataset
        >>> from lossbench.data.fold import make_fold
        >>> iris = load_dataset("iris")
        >>> found = baselines(make_fold(iris, seed=0), "accuracy")
        >>> round(found.constant_validation, 3), found.linear_validation > 0.8
        (0.333, True)
    """
    key = (fold.dataset.digest, fold.digest, score_name)
    if key not in _KNOWN:
        _KNOWN[key] = _baselines(fold, score_name)
    return _KNOWN[key]


def _baselines(fold: Fold, score_name: str) -> Baselines:
    dataset = fold.dataset

    def scored(outputs: np.ndarray, part: Part) -> float:
        link: Link = _LINKS.get(dataset.task, "clip")
        prediction = predict(outputs[None], link, dataset.task)
        return float(score(score_name, dataset.task, dataset.target[part.rows][None], prediction)[0])

    def constant(part: Part) -> float:
        return 0.0 if score_name == "r2" else scored(_constant(fold, part), part)

    floor, linear = constant(fold.validation), scored(_linear(fold, fold.validation), fold.validation)
    metric = METRICS[score_name]
    return Baselines(
        constant_validation=floor,
        linear_validation=linear,
        constant_test=constant(fold.test),
        target=metric.sign * convergence_target(metric.sign * floor, metric.sign * linear).item(),
        tolerance=PLATEAU_TOLERANCE * abs(metric.best - floor),
    )


Ranking = Callable[[Gallery, np.ndarray, np.ndarray], np.ndarray]

_LINKS: Mapping[Task, Link] = {"regression": "identity", "embedding": "embedding"}


def _constant(fold: Fold, part: Part) -> np.ndarray:
    """Return the mean of the training target, or the frequency of each class, for every row: (rows, columns)."""
    if fold.dataset.task == "embedding":
        return _read(fold, part, Gallery.neighbours, lambda features: np.ones((len(features), 1)))
    target = fold.dataset.target[fold.train.rows]
    if fold.dataset.task == "multiclass":
        target = target[:, None] == np.arange(fold.dataset.targets)
    mean = target.mean(axis=0).reshape(-1)
    return np.broadcast_to(mean, (len(part.rows), len(mean)))


def _linear(fold: Fold, part: Part) -> np.ndarray:
    """Return the values, or the probabilities (of class 1, each class or each label), (rows, columns)."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    if fold.dataset.task == "embedding":
        return _read(fold, part, Gallery.probe, lambda features: features)
    task, features, target = fold.dataset.task, fold.train.features, fold.dataset.target[fold.train.rows]
    if task == "regression":
        return np.asarray(LinearRegression().fit(features, target).predict(part.features))
    model = LogisticRegression(max_iter=1000)
    if task == "multilabel":
        model = OneVsRestClassifier(model)
    with warnings.catch_warnings():
        # Separable classes may not converge, and a label may be constant: the baseline is what it is then.
        warnings.simplefilter("ignore")
        probability = np.asarray(model.fit(features, target).predict_proba(part.features))
    return probability[:, 1:] if task == "binary" else probability


def _read(fold: Fold, part: Part, ranked: Ranking, embedded: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the readings, but for the spread, by a ranking of the classes, (rows, READINGS)."""
    gallery = Gallery(fold.train.target)
    known, asked = embedded(fold.train.features)[gallery.order], embedded(part.features)
    place = before(ranked(gallery, known, asked), part.target)
    return np.stack([place, place, np.zeros(len(place))], axis=1)
