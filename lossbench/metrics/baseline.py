"""The two reference predictors that give a score its scale: a constant one and scikit-learn's own linear model.

Neither is compared with the losses. Both learn from the clean training part, so they depend only on data set and
seed.
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
from lossbench.metrics.oddness import WIDTH, Inputs
from lossbench.metrics.prediction import Prediction, predict
from lossbench.metrics.score import Asked
from lossbench.metrics.scores import function_of, score
from lossbench.schema import Metric
from lossbench.task import VALUED, Task


@dataclass(frozen=True)
class Baselines:
    """The scores of both reference predictors on one fold, and what follows from them.

    Args:
        constant_validation: score of the constant predictor on the validation part; skill 0 there.
        linear_validation: score of the linear model on the validation part.
        constant_test: score of the constant predictor on the test part; skill 0 there.
        perfect_test: score of a perfect predictor on the test part; skill 1 there.
        target: the validation score that counts as having learnt, in units of the score; NaN where the linear
            model is no better than the constant.
        tolerance: the gain in validation score that still counts as learning; see `PLATEAU_TOLERANCE`.
    """

    constant_validation: float
    linear_validation: float
    constant_test: float
    perfect_test: float
    target: float
    tolerance: float


KEPT = 8
"""Where rows are given back, the linear model keeps one principal component for so many columns."""

_KNOWN: dict[tuple[str, str, Metric], Baselines] = {}


def baselines(fold: Fold, metric: Metric) -> Baselines:
    """Score a constant predictor and a linear model on a fold; cached, since every pack asks for them.

    The constant predictor gives every sample the frequencies of the training part: the most frequent class, for
    each label the more frequent value, for regression the mean. For masks it is an empty or a full mask, whichever
    scores better on the training part. Its R² is 0 by definition, as for the mean of the very values it is scored
    on. The linear model is scikit-learn's LogisticRegression (one for each label) or LinearRegression, with its
    default penalty, on the standardised features; for a distribution, the map of the noise to a normal law with
    the mean and the covariance of the training targets.

    For anomaly, a constant predictor ranks all rows alike, and the linear model reconstructs rows by principal
    components, an eighth as many as columns.

    For embedding, the constant predictor gives all rows the same embedding, and the linear model is
    LinearDiscriminantAnalysis, as in `Gallery.probe`: logistic regression takes seconds for a hundred classes.

    Args:
        fold: one split of a data set.
        metric: one of the task.

    Returns:
        Both scores, in original units for regression, and what follows from them.

    Example:
        >>> from lossbench.data import load_dataset
        >>> from lossbench.data.fold import make_fold
        >>> from lossbench.schema import METRICS
        >>> iris = load_dataset("iris")
        >>> found = baselines(make_fold(iris, seed=0), METRICS["accuracy"])
        >>> round(found.constant_validation, 3), found.linear_validation > 0.8
        (0.333, True)
    """
    key = (fold.dataset.digest, fold.digest, metric)
    if key not in _KNOWN:
        _KNOWN[key] = _baselines(fold, metric)
    return _KNOWN[key]


def _baselines(fold: Fold, metric: Metric) -> Baselines:
    if fold.dataset.task == "anomaly":
        return _of_anomalies(fold, metric)
    scores, answer = _Scores(fold, metric), _answer(fold, metric)
    floor, linear = scores.constant(fold.validation, answer), scores.linear(fold.validation)
    return Baselines(
        constant_validation=floor,
        linear_validation=linear,
        constant_test=scores.constant(fold.test, answer),
        perfect_test=scores.perfect(fold.test),
        target=metric.sign * convergence_target(metric.sign * floor, metric.sign * linear).item(),
        tolerance=PLATEAU_TOLERANCE * abs(scores.perfect(fold.validation) - floor),
    )


@dataclass(frozen=True)
class _Scores:
    """The scores of predictors on the parts of a fold."""

    fold: Fold
    metric: Metric

    def constant(self, part: Part, answer: np.ndarray) -> float:
        """Return the score of one answer (columns,) for every row; R² is 0 by definition."""
        return 0.0 if self.metric.name == "r2" else self.everywhere(part, answer)

    def everywhere(self, part: Part, answer: np.ndarray) -> float:
        """Return the score of one answer (columns,) for every row, whatever the metric."""
        if self.fold.dataset.task == "embedding":
            same = _read(self.fold, part, Gallery.neighbours, lambda rows: np.ones((len(rows), 1)))
            return self._of(same, part)
        return self._of(np.broadcast_to(answer, (len(part.rows), len(answer))), part)

    def linear(self, part: Part) -> float:
        """Return the score of the linear model."""
        return self._of(_linear(self.fold, part), part)

    def perfect(self, part: Part) -> float:
        """Return the best possible score; for the user's own metric, that of the targets themselves."""
        return self._of(_perfect(self.fold, part), part) if isinstance(self.metric, Asked) else self.metric.best

    def _of(self, outputs: np.ndarray, part: Part) -> float:
        dataset = self.fold.dataset
        link = _LINKS.get(dataset.task, "clip")
        prediction = predict(dataset.in_images(outputs[None]), link, dataset.task, dataset.modes)
        target = dataset.target[part.rows][None]
        return float(function_of(self.metric)(target.reshape(prediction.decision.shape), prediction)[0])


def _answer(fold: Fold, metric: Metric) -> np.ndarray:
    """Return the constant predictor's answer for every row, (columns,); of several, the best in training."""
    answers, scores = _constants(fold), _Scores(fold, metric)
    if len(answers) == 1:  # no choice, so no scoring
        return answers[0]
    return max(answers, key=lambda one: metric.sign * scores.everywhere(fold.train, one))


Ranking = Callable[[Gallery, np.ndarray, np.ndarray], np.ndarray]

_LINKS: Mapping[Task, Link] = {**dict.fromkeys(VALUED, "identity"), "embedding": "embedding"}


def _of_anomalies(fold: Fold, metric: Metric) -> Baselines:
    """Return the baselines for anomaly: the validation part has no anomalies, so `explained` is scored there."""
    target = fold.dataset.target[fold.test.rows][None]
    alike = Prediction("anomaly", "clip", np.ones((1, target.shape[1], WIDTH)))
    linear = _principal(fold, fold.validation)
    return Baselines(
        constant_validation=0.0,
        linear_validation=linear,
        constant_test=float(function_of(metric)(target, alike)[0]),
        perfect_test=metric.best,
        target=convergence_target(0.0, linear).item(),
        tolerance=PLATEAU_TOLERANCE,
    )


def _principal(fold: Fold, part: Part) -> float:
    """Return the share of the variance that a few principal components of the training rows reconstruct."""
    from sklearn.decomposition import PCA

    train = fold.train.features
    model = PCA(-(-train.shape[1] // KEPT), svd_solver="covariance_eigh").fit(train)
    back, centre = model.inverse_transform(model.transform(part.features)), train.mean(axis=0)
    shown = Prediction("anomaly", "clip", Inputs(part.features[None], centre[None]).errors(back[None], "clip"))
    return float(score("explained", "anomaly", np.zeros((1, len(part.rows))), shown)[0])


def _constants(fold: Fold) -> list[np.ndarray]:
    """Return the mean of the training target, or the class frequencies, (columns,); for masks, 0 and 1."""
    if fold.dataset.task == "segmentation":
        return [np.zeros(1), np.ones(1)]
    return [_perfect(fold, fold.train).mean(axis=0)]


def _perfect(fold: Fold, part: Part) -> np.ndarray:
    """Return the targets themselves, as values or as probabilities, (rows, columns)."""
    target = fold.dataset.target[part.rows]
    if fold.dataset.task == "multiclass":
        target = target[:, None] == np.arange(fold.dataset.targets)
    return np.asarray(target, dtype=np.float64).reshape(len(part.rows), -1)


def _linear(fold: Fold, part: Part) -> np.ndarray:
    """Return the values, or the probabilities (of class 1, each class or each label), (rows, columns)."""
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    if fold.dataset.task == "embedding":
        return _read(fold, part, Gallery.probe, lambda features: features)
    task, features, target = fold.dataset.task, fold.train.features, fold.dataset.target[fold.train.rows]
    if task == "distribution":
        return _gaussian(target, part)
    if task == "regression":
        return np.asarray(LinearRegression().fit(features, target).predict(part.features))
    model = LogisticRegression(max_iter=1000)
    if task == "multilabel":
        model = OneVsRestClassifier(model)
    with warnings.catch_warnings():
        # On separable classes the fit may not converge, and a label may be constant: the baseline is used as it
        # is.
        warnings.simplefilter("ignore")
        probability = np.asarray(model.fit(features, target).predict_proba(part.features))
    return probability[:, 1:] if task in ("binary", "segmentation") else probability


def _gaussian(target: np.ndarray, part: Part) -> np.ndarray:
    """Map the noise to a normal sample with the mean and the covariance of the target (n, targets)."""
    noise = part.features[:, : target.shape[1]]
    return np.asarray(target.mean(axis=0) + noise @ np.linalg.cholesky(np.atleast_2d(np.cov(target.T))).T)


def _read(fold: Fold, part: Part, ranked: Ranking, embedded: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the readings of a ranking of the classes, without spread and neighbours, (rows, 3)."""
    gallery = Gallery(fold.train.target)
    known, asked = embedded(fold.train.features)[gallery.order], embedded(part.features)
    place = before(ranked(gallery, known, asked), part.target)
    return np.stack([place, place, np.zeros(len(place))], axis=1)
