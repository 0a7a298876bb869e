"""The experiment on anomalies: training loss by score, and the same with labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claims.designs import carry_out
from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.trained import anomalies as room
from lossbench.claims.trained.anomalies import CROSSED, anomalies

REPORTED = {("mse", "tpr"): "0.812", ("mse", "fpr"): "0.049", ("bce", "tpr"): "0.938", ("bce", "fpr"): "0.017"}
ARMS = ("bce", "mse")


@pytest.fixture(scope="module")
def lines():
    """Give the evidence of two classes after two epochs."""
    study, digits = Study(replace(read_terms(), seeds=3, epochs=2), jobs=1), (0, 1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(room, "EPOCHS", 2)
        design = anomalies(
            Claim("x", "y", reported=REPORTED),
            study,
            arms=ARMS,
            datasets=tuple(f"digits_but:digit={digit}" for digit in digits),
            supervised=tuple(f"one_digit:digit={digit}" for digit in digits),
        )
        return carry_out(design, study)


def test_a_class_is_a_unit_under_each_score_and_each_reading(lines):
    """The true positive rate by three scores and by each loss's own, and with labels both rates."""
    units = [line for line in lines if line.role == "unit" and line.aspect == "outcome"]
    assert {line.protocol for line in units} == {"tuned"}
    quantities = {"tpr", "tpr_bce", "tpr_kl", "tpr, each loss by its own score", "recall", "false positive rate"}
    assert {line.quantity for line in units} == quantities
    assert len(units) == 2 * len(quantities)
    sizes = {(line.quantity, round(line.reported, 3)) for line in lines if line.aspect == "size"}
    assert sizes == {(name, -0.032 if name.startswith("false") else 0.126) for name in quantities}


def test_the_false_positive_rate_that_a_threshold_sets_decides_nothing(lines):
    """It is shown beside the units, and so is what another score finds of the same networks."""
    for quantity in ("fpr", "fpr_bce", "roc_auc_kl", CROSSED):
        mine = [line for line in lines if line.quantity == quantity and line.role != "shown"]
        assert {line.role for line in mine} == {"sensitivity"}
    assert {line.arms for line in lines if line.quantity == CROSSED} == {("bce",), ("mse",)}


def test_levels_stand_beside_the_printed_ones_with_a_binomial_interval(lines):
    """Each loss by its own score; one detector would scatter that much."""
    levels = [line for line in lines if line.aspect == "level" and line.protocol == "tuned"]
    assert len(levels) == 2 * 2 * 2 * 2
    assert all("binomial" in line.note for line in levels)
    assert {line.reported for line in levels} == {0.812, 0.049, 0.938, 0.017}
