"""Data sets of normal rows, and of others that are tested alone; and one where both are there to be learnt."""

from __future__ import annotations

import numpy as np

from lossbench.data.dataset import Dataset
from lossbench.data.fold import fifth_of
from lossbench.data.generators import whole
from lossbench.data.toy import digits
from lossbench.errors import BadValue
from lossbench.spec import Parameter

GREY = 16.0  # the brightest pixel of the digits

ALARMS = Parameter(
    *("alarms", 0.05),
    low=0,
    high=0.5,
    open_low=True,
    meaning="share of the normal rows that may be called anomalies",
)


def digits_but(digit: float = 0, alarms: float = ALARMS.default) -> Dataset:
    """Which images are not of the digits that were learnt? One of ten digits is the anomaly, nine are normal.

    The 1797 images of `digits`, their pixels from 0 to 1. Normal images are split; the networks learn to give them
    back and never see the digit that is left out, all of whose images are tested. A share `alarms` of the normal
    images of the validation part sets the threshold.

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
    features, names = images.features / GREY, images.feature_names
    return Dataset("digits_but", "anomaly", features, target, ("normal", f"digit {odd}"), names, alarms=alarms)


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
    return Dataset("one_digit", "binary", images.features, target, classes, images.feature_names, score)


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
