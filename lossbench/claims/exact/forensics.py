"""What reported numbers imply by themselves, within the rounding of their digits, and data of an implied share.

A generator that makes at most half of the samples positive is mirrored for a larger share: its frequent class
becomes the positive one. The errors are the same, so accuracy does not change, and F1 becomes that of the other
class. Networks, initial weights and the losses of two classes treat both classes alike, except `mse_logits`, whose
raw output starts at the target of class 0; for it the mirror is not exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lossbench.claims.claim import Claim, Evidence, Word, decided
from lossbench.claims.printed import Printed
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.errors import UnknownName


@dataclass(frozen=True)
class Range:
    """The interval of values that a quantity may have.

    Args:
        low: the smallest value.
        high: the largest value; below `low` if there is no possible value.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The value in the middle."""
        return (self.low + self.high) / 2

    def sign(self, positive: Word, negative: Word) -> Word:
        """Return one word if all values are above zero, the other if all are below, else inconclusive."""
        return positive if self.low > 0 else negative if self.high < 0 else "inconclusive"

    def minus(self, other: Range) -> Range:
        """Return the values of the difference to another quantity."""
        return Range(self.low - other.high, self.high - other.low)


def reported(claim: Claim, row: str, column: str) -> Printed:
    """Return a number of the document's table.

    Raises:
        UnknownName: the claim does not report it.
    """
    if (row, column) not in claim.reported:
        known = map(" ".join, claim.reported)
        raise UnknownName("reported number", f"{row} {column}", list(known), where=str(claim.source))
    return Printed(claim.reported[row, column])


def span(printed: Printed) -> Range:
    """Return the values that round to a printed number."""
    return Range(printed.low, printed.high)


def true_positives(accuracy: float, f1: float) -> float:
    """Return the share of all samples that are true positives.

    F1 = 2 TP / (2 TP + FP + FN) and FP + FN = 1 - accuracy, so TP = F1 (1 - accuracy) / (2 (1 - F1)).

    Args:
        accuracy: in [0, 1].
        f1: of the positive class, in [0, 1).

    Example:
        >>> round(true_positives(accuracy=0.9, f1=0.9), 3)
        0.45
    """
    return f1 * (1 - accuracy) / (2 * (1 - f1))


def positives(claim: Claim, row: str) -> Range:
    """Return the shares of positives that a row's accuracy and F1 allow.

    The positives are the true positives, and at most all errors.
    """
    accuracy, f1 = reported(claim, row, "accuracy"), reported(claim, row, "f1")
    least = true_positives(accuracy.high, f1.low)
    return Range(least, min(true_positives(accuracy.low, f1.high) + 1 - accuracy.low, 1.0))


def common_share(claim: Claim, rows: tuple[str, ...]) -> Range:
    """Return the shares of positives that the accuracy and F1 of all rows allow."""
    shares = [positives(claim, row) for row in rows]
    return Range(max(share.low for share in shares), min(share.high for share in shares))


@experiment("constant_predictor")
def constant_predictor(claim: Claim, study: Study, *, rows: tuple[str, ...]) -> list[Evidence]:
    """Find the share of positives that the rows of a table imply, and compare each row with a constant predictor.

    A predictor that always answers "positive" has accuracy P and F1 2 P / (1 + P) at a share P of positives. Since
    the rows are of one data set, P is in the range that all of them allow.
    """
    common = common_share(claim, rows)
    possible = common.low <= common.high
    what = "share of positives that all rows allow"
    scores = {row: (reported(claim, row, "accuracy").value, reported(claim, row, "f1").value) for row in rows}
    said = ", ".join(f"{row} {true_positives(*values):.3f}" for row, values in scores.items())
    note = f"true positives among all samples: {said}"
    shares = f"shares of {100 * common.low:.1f} to {100 * common.high:.1f} %" if possible else "no shares"
    fits = f"{shares} of positives fit every row"
    first = implied(what, "one data set", common, decided(possible), note, clause=fits)
    return [first, *(line for row in rows if possible for line in beside_constant(claim, row, common))]


def beside_constant(claim: Claim, row: str, share: Range) -> Iterator[Evidence]:
    """Yield the differences of a row's scores from those of always answering "positive"."""
    constant = {"accuracy": share, "f1": Range(*(2 * p / (1 + p) for p in (share.low, share.high)))}
    for column, always in constant.items():
        printed = reported(claim, row, column)
        gap, what = span(printed).minus(always), f'{column} minus that of always answering "positive"'
        note = f"reported {printed.text}; always positive: {always.low:.3f} to {always.high:.3f}"
        part = f"{row} above always answering positive in {column}"
        clause = f"{printed.text} against {always.low:.3f} to {always.high:.3f}"
        yield implied(what, row, gap, gap.sign("reproduced", "contradicted"), note, part, clause)


@dataclass(frozen=True)
class OperatingPoint:
    """A detector at one threshold.

    Args:
        hits: true positive rate, in (0, 1).
        alarms: false positive rate, in (0, 1).
    """

    hits: float
    alarms: float

    def area(self) -> Range:
        """Return the areas that a concave ROC curve through the point may have.

        The smallest is that of two straight lines through the point, (1 + hits - alarms) / 2. The largest is that
        of the best single line through it, y = min(1, hits + m (x - alarms)) with m = (1 - hits) / alarms: 1 - 2
        alarms (1 - hits).

        Example:
            >>> OperatingPoint(hits=0.8, alarms=0.1).area()
            Range(low=0.85, high=0.96)
        """
        return Range((1 + self.hits - self.alarms) / 2, 1 - 2 * self.alarms * (1 - self.hits))

    def useful_from(self) -> float:
        """Return the prevalence above which most alarms are true, and the detector beats one that never alarms.

        π hits > (1 - π) alarms, so π > alarms / (hits + alarms).

        Example:
            >>> OperatingPoint(hits=0.9, alarms=0.1).useful_from()
            0.1
        """
        return self.alarms / (self.hits + self.alarms)


@experiment("operating_points")
def operating_points(claim: Claim, study: Study, *, worse: str, better: str) -> list[Evidence]:
    """Compare two detectors, each reported by one point of its ROC curve.

    A point with more hits and fewer alarms is better at every prevalence and every cost of an error. Two such
    points cannot be on one curve, which never falls. One point each may leave open whether the curves cross
    elsewhere.
    """
    hits, alarms = (
        span(reported(claim, better, name)).minus(span(reported(claim, worse, name))) for name in ("tpr", "fpr")
    )
    gain = Range(min(hits.low, -alarms.high), min(hits.high, -alarms.low))
    points = {
        row: OperatingPoint(reported(claim, row, "tpr").value, reported(claim, row, "fpr").value)
        for row in (worse, better)
    }
    area = points[better].area().minus(points[worse].area())
    higher = f"{better} has a true positive rate {hits.middle:.3f} higher"
    useful = ", ".join(f"{row} {point.useful_from():.1%}" for row, point in points.items())
    return [
        implied(
            "smaller of the gains in hits and in false alarms",
            "the two reported thresholds, at every prevalence",
            gain,
            gain.sign("reproduced", "inconclusive"),
            f"more accurate than never to alarm, and most alarms true, from a prevalence of: {useful}",
            clause=f"{higher} and a false positive rate {-alarms.middle:.3f} lower",
        ),
        implied(
            "difference of the areas under the ROC curves",
            "all thresholds",
            area,
            area.sign("reproduced", "contradicted"),
            "concave curves through the points; where zero is within, the curves may cross",
            clause=f"the area under the ROC curve of {better} may be larger by {area.low:.3f} to {area.high:.3f}",
        ),
    ]


def implied(
    what: str, case: str, found: Range, verdict: Word, note: str, part: str = "", clause: str = ""
) -> Evidence:
    """Return the evidence that reported numbers imply; the part of the claim is by default the case."""
    about = Evidence(verdict, what, entry=case, part=part or case, clause=clause, note=note)
    return replace(about, measured=found.middle, low=found.low, high=found.high)


def with_share(generator: str, share: float) -> str:
    """Return the spec of a data set in which the rare or the frequent class has this share.

    Example:
        >>> with_share("imbalanced", 0.75), with_share("imbalanced", 0.1)
        ('imbalanced:positives=0.25', 'imbalanced:positives=0.1')
    """
    return f"{generator}:positives={min(share, 1 - share):.3g}"


def f1_of_share(trials: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return trials with the F1 of the class that has this share of the samples.

    Args:
        trials: trials on a data set of `with_share`, with accuracy and f1.
        share: the share of positives.
    """
    return trials.assign(f1=other_f1(trials.accuracy, trials.f1)) if share > 0.5 else trials


def other_f1(accuracy: pd.Series[float], f1: pd.Series[float]) -> np.ndarray:
    """Return the F1 of the negative class, (rows,): 2 TN / (2 TN + FP + FN), with TN = accuracy - TP.

    Example:
        >>> # 5 positives, all found; 5 negatives, of which 1 is missed
        >>> other_f1(pd.Series([0.9]), pd.Series([10 / 11])).round(6).tolist() == [round(8 / 9, 6)]
        True
    """
    right, positive = accuracy.to_numpy(dtype=np.float64), f1.to_numpy(dtype=np.float64)
    perfect = positive == 1.0  # then there are no errors, of either class
    defined = np.where(perfect, 0.0, positive)
    hits = np.array([true_positives(*pair) for pair in zip(right.tolist(), defined.tolist(), strict=True)])
    rejections = right - hits
    return np.where(perfect, 1.0, 2 * rejections / (2 * rejections + 1 - right))
