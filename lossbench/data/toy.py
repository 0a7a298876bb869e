"""The data sets that come with scikit-learn: small, real, and no network needed.

Labels and units are scikit-learn's own, so that results can be set beside published ones. They are read from the
files that it installs, since importing it takes longer than a whole run that has nothing to train.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import fifth_of
from lossbench.data.generators import whole
from lossbench.errors import BadValue, DataError
from lossbench.spec import Parameter
from lossbench.task import Task

GREY, IMAGE = 16.0, (8, 8)
"""The brightest pixel of the digits, and the height and width of their images."""

_CELL = (
    *("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points"),
    *("symmetry", "fractal dimension"),
)
_NUCLEI = (
    *(f"mean {one}" for one in _CELL),
    *(f"{one} error" for one in _CELL),
    *(f"worst {one}" for one in _CELL),
)
_WINE = (
    *("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids"),
    *("nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue"),
    *("od280/od315_of_diluted_wines", "proline"),
)
_IRIS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
_PATIENT = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")

ALARMS = Parameter(
    *("alarms", 0.05),
    low=0,
    high=0.5,
    open_low=True,
    meaning="share of the normal rows that may be called anomalies",
)


def breast_cancer() -> Dataset:
    """Is a breast tumour benign? 569 patients, 30 measurements of cell nuclei.

    The positive class, 1, is "benign", as in scikit-learn: F1, precision and recall speak of the benign tumours.

    Source: Wolberg, Street and Mangasarian 1995, Breast Cancer Wisconsin (Diagnostic), UCI.

    Example:
        >>> breast_cancer().classes
        ('malignant', 'benign')
    """
    return _headed("breast_cancer", "binary", "breast_cancer.csv", _NUCLEI)


def wine() -> Dataset:
    """Which of three growers made the wine? 178 wines, 13 chemical measurements.

    Source: Aeberhard and Forina 1992, Wine, UCI.

    Example:
        >>> wine().features.shape
        (178, 13)
    """
    return _headed("wine", "multiclass", "wine_data.csv", _WINE)


def iris() -> Dataset:
    """Which of three species is the iris? 150 flowers, 4 lengths in centimetres.

    Source: Fisher 1936, The use of multiple measurements in taxonomic problems.

    Example:
        >>> iris().classes
        ('setosa', 'versicolor', 'virginica')
    """
    return _headed("iris", "multiclass", "iris.csv", _IRIS)


def digits() -> Dataset:
    """Which digit was written by hand? 1797 images of 8 × 8 pixels, grey from 0 to 16.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).

    Example:
        >>> digits().features.shape
        (1797, 64)
    """
    table = np.loadtxt(_installed("digits.csv.gz"), delimiter=",")
    pixels = tuple(f"pixel_{row}_{column}" for row in range(IMAGE[0]) for column in range(IMAGE[1]))
    features, target, classes = table[:, :-1].copy(), table[:, -1].astype(np.int64), tuple(map(str, range(10)))
    return Dataset("digits", "multiclass", features, target, classes, pixels, image_shape=IMAGE)


def digits_but(digit: float = 0, alarms: float = ALARMS.default) -> Dataset:
    """Which images are not of the digits that were learnt? One of ten digits is the anomaly, nine are normal.

    The 1797 images of `digits`, their pixels from 0 to 1. Normal images are split; the networks learn to
    reconstruct them and never see the digit that is left out, all of whose images are tested. A share `alarms` of
    the normal images of the validation part sets the threshold.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).

    Raises:
        BadValue: no whole number for a digit, or a share that is less than one image of the validation part.

    Example:
        >>> found = digits_but(digit=1)
        >>> found.classes, int(found.target.sum()), found.features.max()
        (('normal', 'digit 1'), 182, np.float64(1.0))
    """
    odd, images = whole("digits_but", digit, "digit"), digits()
    target = (images.target == odd).astype(np.int64)
    check_alarms("digits_but", alarms, fifth_of(int((target == 0).sum())))
    features = images.features / GREY
    classes = "normal", f"digit {odd}"
    return replace(
        images, name="digits_but", task="anomaly", features=features, target=target, classes=classes, alarms=alarms
    )


def one_digit(digit: float = 0) -> Dataset:
    """Is it this one of the ten digits? The images of `digits`, a tenth of them positive.

    The same question as `digits_but`, where both kinds of image are there to be learnt from. Balanced accuracy is
    its primary score: always answering "no" is right on nine tenths.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test part).

    Raises:
        BadValue: no whole number for a digit.

    Example:
        >>> found = one_digit(digit=1)
        >>> found.classes, int(found.target.sum())
        (('other', 'digit 1'), 182)
    """
    mine, images = whole("one_digit", digit, "digit"), digits()
    target, classes = (images.target == mine).astype(np.int64), ("other", f"digit {mine}")
    score = "balanced_accuracy"
    return replace(images, name="one_digit", task="binary", target=target, classes=classes, score=score)


def check_alarms(name: str, alarms: float, rows: int) -> None:
    """Refuse a false-positive rate that the validation part cannot resolve.

    Args:
        name: of the data set, for the message.
        alarms: the rate.
        rows: normal rows of the validation part.

    Raises:
        BadValue: less than one of them would lie above the threshold.

    Example:
        >>> check_alarms("digits_but", 0.05, 323)
    """
    least = 1.0 / (rows + 1)
    if alarms < least:
        raise BadValue(
            f"'{name}': alarms={alarms:g} is less than one of the {rows} normal rows that set the threshold; give "
            f"{least:.2g} or more"
        )


def diabetes() -> Dataset:
    """How far has diabetes gone after a year? 442 patients, 10 measurements, a score from 25 to 346.

    Source: Efron, Hastie, Johnstone and Tibshirani 2004, Least angle regression, section 1.

    Example:
        >>> diabetes().target.min(), diabetes().target.max()
        (np.float64(25.0), np.float64(346.0))
    """
    features = np.loadtxt(_installed("diabetes_data_raw.csv.gz"))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    features /= len(features) ** 0.5  # each column then has a sum of squares of one, as in the source
    target = np.loadtxt(_installed("diabetes_target.csv.gz")).reshape(-1, 1)
    return Dataset("diabetes", "regression", features, target, ("disease progression",), _PATIENT)


def linnerud() -> Dataset:
    """Which body belongs to which exercises? 20 men, 3 exercises, 3 targets: weight, waist and pulse.

    Source: Tenenhaus 1998, La régression PLS: théorie et pratique (Linnerud's fitness club).

    Example:
        >>> linnerud().classes
        ('Weight', 'Waist', 'Pulse')
    """
    features, target = (
        np.loadtxt(_installed(f"linnerud_{one}.csv"), skiprows=1) for one in ("exercise", "physiological")
    )
    return Dataset(
        "linnerud", "regression", features, target, ("Weight", "Waist", "Pulse"), ("Chins", "Situps", "Jumps")
    )


def _headed(name: str, task: Task, file: str, columns: tuple[str, ...]) -> Dataset:
    """Return a table whose first line holds its sizes and class names, and whose last column holds the classes."""
    path = _installed(file)
    with path.open(encoding="utf-8") as lines:
        _, _, *classes = next(lines).strip().split(",")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return Dataset(name, task, table[:, :-1].copy(), table[:, -1].astype(np.int64), tuple(classes), columns)


def _installed(file: str) -> Path:
    """Return the path of a file that scikit-learn installs."""
    spec = find_spec("sklearn")
    path = Path(str(spec and spec.origin)).parent / "datasets" / "data" / file
    if not path.is_file():
        raise DataError(
            f"scikit-learn {version('scikit-learn')} has no '{path}', from which this data set is read; install "
            "the one of lossbench's constraints.txt, and tell of it in an issue"
        )
    return path
