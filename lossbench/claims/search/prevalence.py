"""A share of positives that a table implies, and data that have it.

A generator that makes no more than half of the samples positive is mirrored for a larger share: its frequent class
is then the positive one. The errors stay where they are, so accuracy does not change, and F1 is that of the other
class. Networks, first weights and the losses of two classes treat both classes alike but for `mse_logits`, whose
raw output starts at the target of the class 0; for it, the mirror is not exact.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lossbench.claims.claim import Claim
from lossbench.claims.exact.forensics import Range, positives, true_positives


def implied_share(claim: Claim, rows: tuple[str, ...]) -> float:
    """Return the middle of the shares of positives that all rows of a table allow.

    Args:
        claim: reports accuracy and F1 of each row.
        rows: their names.
    """
    shares = [positives(claim, row) for row in rows]
    return Range(max(share.low for share in shares), min(share.high for share in shares)).middle


def with_share(generator: str, share: float) -> str:
    """Return the spec of a data set that has a share of positives, seen from its rare or its frequent class.

    Example:
        >>> with_share("imbalanced", 0.75), with_share("imbalanced", 0.1)
        ('imbalanced:positives=0.25', 'imbalanced:positives=0.1')
    """
    return f"{generator}:positives={min(share, 1 - share):.3g}"


def seen_at(trials: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return trials with the F1 of the class that has this share of the samples.

    Args:
        trials: on a data set of `with_share`, with accuracy and f1.
        share: of the positives.
    """
    return trials.assign(f1=other_f1(trials.accuracy, trials.f1)) if share > 0.5 else trials


def other_f1(accuracy: pd.Series[float], f1: pd.Series[float]) -> np.ndarray:
    """Return the F1 of the negative class: 2 TN / (2 TN + FP + FN), with TN = accuracy - TP.

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
