"""Anomaly detection: training losses crossed with anomaly scores; one class at a time is the anomaly.

Of a printed pair of true and false positive rates only one can be compared. Here the threshold is set to a stated
false positive rate on normal rows that were not trained on, so that the true positive rate alone decides; the
resulting false positive rate is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast, level
from lossbench.claims.design import Design, Found, as_sensitivity, under_each
from lossbench.claims.registry import experiment
from lossbench.claims.scores import Scores
from lossbench.claims.study import Study
from lossbench.data import load_dataset
from lossbench.grouped import grouped
from lossbench.schema import ANOMALY_SCORES, by_anomaly_score

OWN = {"mse": "error", "bce": "bce"}
"""The anomaly score that belongs to each loss."""

FOUND, ALARMS = "tpr", "fpr"
EPOCHS = 40
"""The epochs of the autoencoders; more hardly improve the reconstruction."""

SEEDS = 20
"""The first seeds of the study that are used: the rows of a table are the unit, and there are twenty tables."""


@experiment("anomalies")
def anomalies(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    supervised: tuple[str, ...],
) -> Design:
    """Train autoencoders on all classes but one, and find rows of that one, by each anomaly score in turn.

    Both losses are scored by each anomaly score, and then each by its own. The other reading of the table is tried
    too: classifiers that learn the same from labels, at the links' own thresholds. Each left-out class is a data
    set.

    arms: two losses, the first claimed to find more; each may also be the name of an anomaly score.
    datasets: data sets of anomalies.
    supervised: data sets of two classes with the same question and labels.
    """
    first, other = arms
    study = study.with_margin(study.margin(FOUND) or 0.0, ["recall"])
    alike, labelled = (
        partial(made, arms=(first, other), claim=claim, study=study) for made in (by_each_score, by_labels)
    )
    axes: dict[str, Any] = {"losses": list(arms), "seeds": list(study.seeds[:SEEDS])}
    trainings = [
        *under_each(study, alike, datasets=list(datasets), epochs=EPOCHS, **axes),
        *under_each(study, labelled, datasets=list(supervised), **axes),
    ]
    return Design(trainings, lambda lines: [*lines, *summed_up(lines, study.terms.primary)])


def by_each_score(cell: Cell, *, arms: tuple[str, str], claim: Claim, study: Study) -> Iterator[Found]:
    """Yield the contrasts of one class, and the levels of each loss by its own score."""
    for score in ANOMALY_SCORES:
        made = cell.compared(by_anomaly_score(FOUND, score), arms, "better", study)
        yield made
        yield sized(made, claim, arms, FOUND)
        yield as_sensitivity(cell.compared(by_anomaly_score("roc_auc", score), arms, "better", study))
        yield as_sensitivity(cell.compared(by_anomaly_score(ALARMS, score), arms, "better", study))
    mine, their = (by_anomaly_score(FOUND, OWN.get(arm, "error")) for arm in arms)
    own = crossed(cell, f"{FOUND}, each loss by its own score", arms, (mine, their), study)
    yield own
    yield sized(own, claim, arms, FOUND)
    for arm in arms:
        yield as_sensitivity(crossed(cell, CROSSED, (arm, arm), (f"{FOUND}_bce", FOUND), study))
    normal = int(cell.trials.test_rows.iloc[0]) - positives(cell)
    for arm, (name, images) in product(arms, ((FOUND, positives(cell)), (ALARMS, normal))):
        values = cell.of(by_anomaly_score(name, OWN.get(arm, "error")), arm)
        yield levelled(cell, arm, name, values, images, claim, study)


CROSSED = f"{FOUND} by cross-entropy less that by squared error"


def crossed(cell: Cell, quantity: str, arms: tuple[str, str], names: tuple[str, str], study: Study) -> Contrast:
    """Return the contrast of two arms, each by a score of its own."""
    spread = cell.spread_of(names[0], arms, names[1])
    shown = arms if arms[0] != arms[1] else arms[:1]
    return cell.contrast(quantity, shown, spread, "better", study.margin(FOUND), losses=arms)


def by_labels(cell: Cell, *, arms: tuple[str, str], claim: Claim, study: Study) -> Iterator[Found]:
    """Yield the contrasts of classifiers of one class, whose false positive rate is free, and their levels."""
    found = cell.compared("recall", arms, "better", study)
    yield found
    yield sized(found, claim, arms, FOUND)
    spread = cell.spread_between(arms, false_alarms)
    margin = study.margin(ALARMS)
    alarms = cell.contrast("false positive rate", arms, spread, "better", margin, greater_is_better=False)
    yield alarms
    yield sized(alarms, claim, arms, ALARMS)
    normal = load_dataset(cell.dataset).rows - int(load_dataset(cell.dataset).target.sum())
    for arm in arms:
        share = int(cell.trials.test_rows.iloc[0]) / load_dataset(cell.dataset).rows
        images = round(share * positives(cell)), round(share * normal)
        yield levelled(cell, arm, "recall", cell.of("recall", arm), images[0], claim, study)
        yield levelled(cell, arm, "false positive rate", false_alarms(cell.scores, arm), images[1], claim, study)


def false_alarms(scores: Scores, arm: str) -> np.ndarray:
    """Return the false positive rate of a classifier, from its recall and its balanced accuracy: (..., seeds)."""
    found = 2.0 * (1.0 - scores.of("balanced_accuracy", arm)) - 1.0 + scores.of("recall", arm)
    return np.asarray(found)


PRINTED = {"recall": FOUND, "false positive rate": ALARMS}
"""The document's names of the rates that are measured with labels."""


def sized(contrast: Contrast, claim: Claim, arms: tuple[str, str], column: str) -> Contrast:
    """Return the comparison of a difference with the printed one."""
    first, other = (float(claim.reported[arm, column]) for arm in arms)
    return contrast.sized(first, other)


def positives(cell: Cell) -> int:
    """Return the number of rows in the table of a cell that are of the class to be found."""
    return int(load_dataset(cell.dataset).target.sum())


def levelled(
    cell: Cell, arm: str, quantity: str, values: np.ndarray, images: int, claim: Claim, study: Study
) -> Evidence:
    """Return the mean of a rate beside the printed one, with the binomial interval of a single detector.

    Args:
        cell: the trials of one class.
        arm: the loss.
        quantity: the rate.
        values: (seeds,) the rate of each seed.
        images: the number of images that it is a share of, in one split.
        claim: has the printed rates.
        study: has the margins.
    """
    from scipy.stats import binomtest

    name = PRINTED.get(quantity, quantity)
    line = Evidence("not testable", quantity, cell.protocol, cell.dataset, arms=(arm,))
    found = level(line, values, cell.test_to_train, claim.reported.get((arm, name)), study.margin(name))
    if found.measured is None:
        return found
    ends = binomtest(round(found.measured * images), images).proportion_ci()
    said = f"of one detector, binomial, {ends.low:.3f} to {ends.high:.3f} on {images} images"
    return replace(found, note=f"{found.note}; {said}")


def summed_up(lines: list[Evidence], primary: str) -> Iterator[Evidence]:
    """Yield, over all classes, the effects of the loss and of the anomaly score on the rate, with their signs."""
    mine = [line for line in lines if line.protocol == primary and line.aspect == "outcome"]
    by_quantity = grouped(mine, lambda line: (line.quantity, line.arms))
    for (quantity, arms), same in by_quantity.items():
        moves = [line.measured for line in same if line.measured is not None]
        if quantity not in (FOUND, CROSSED) or not moves:
            continue
        up, down = (sum(line.verdict == word for line in same) for word in ("reproduced", "contradicted"))
        yield Evidence(
            "not testable",
            quantity,
            primary,
            arms=arms,
            role="shown",
            measured=float(np.median(np.abs(moves))),
            n=len(moves),
            note=f"over {len(moves)} classes, median size of the difference; above zero beyond chance on {up}, "
            f"below on {down}, from {min(moves):+.3f} to {max(moves):+.3f}",
        )
