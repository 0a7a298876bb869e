from __future__ import annotations

import pytest

from lossbench.claims import Claim
from lossbench.claims.trained.mismatch import Mismatch, mismatch
from lossbench.errors import UsageError

REFUSED = Mismatch("huber", "bce", ("breast_cancer",), ("accuracy",))
TRAINED = Mismatch("emd", "ce", ("iris", "wine"), ("accuracy",))
CLAIM = Claim("x", "y")


def test_a_loss_that_the_catalogue_refuses_is_said_and_counts_neither_way(study):
    """Its line says why; a loss that can be trained is compared under every protocol."""
    *trained, refused = mismatch(CLAIM, study, mismatches=(TRAINED, REFUSED)).carry_out(study)
    assert refused.verdict == "not testable"
    assert "serves regression" in refused.note
    assert len(trained) == 3 * 2
    assert {line.case for line in trained} == {"emd vs ce"}


def test_the_loss_that_should_fit_must_fit(study):
    """Else there is nothing to compare with."""
    with pytest.raises(UsageError):
        mismatch(CLAIM, study, mismatches=(Mismatch("bce", "huber", ("moons",), ("accuracy",)),))
