from __future__ import annotations

import pytest

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.trained.saturated_start import RATE, WEIGHT, saturated_start, steps_to_right


def test_cross_entropy_pays_its_way_out_at_one_step_a_tenth():
    """Its gradient is one while it is wrong beyond doubt, so that it takes about 20 / 0.1 steps."""
    assert steps_to_right("bce") == pytest.approx(-WEIGHT / RATE, rel=0.1)


def test_a_squared_error_on_a_sigmoid_never_gets_out():
    """Its gradient is that of the sigmoid, which has vanished; a squared error of the raw output does get out."""
    assert steps_to_right("mse") is None
    assert steps_to_right("mse_logits") is not None


def test_the_claim_that_cross_entropy_suffers_is_contradicted():
    """And what mse does is said beside it."""
    (line,) = saturated_start(Claim("x", "y"), Study(read_terms()))
    assert (line.verdict, line.note) == ("contradicted", "mse on a sigmoid: not within 1000 steps")
