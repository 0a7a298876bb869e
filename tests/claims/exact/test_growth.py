from __future__ import annotations

import numpy as np
import pytest

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact.growth import LAWS, growth, misfit, value_at

P = np.geomspace(1e-6, 1, 300)
MADE = {"exponential": np.exp(-20 * P), "power": P**-0.5, "logarithmic": np.log(P)}


@pytest.mark.parametrize("law", LAWS)
def test_a_law_is_told_from_the_others(law):
    """Values that follow a law, scaled and shifted, are fitted best by it, and nearly without a rest."""
    values = 3 - 2 * MADE[law]
    rest = {name: misfit(name, P, values) for name in LAWS}
    assert min(rest, key=rest.get) == law
    assert rest[law] < 1e-3


@pytest.mark.parametrize("law", LAWS)
def test_cross_entropy_grows_by_its_law_and_no_other(law):
    """It is the logarithm, infinite at 0 and zero at 1, whatever is claimed."""
    grown, *ends = growth(Claim("x", "y"), Study(read_terms()), loss="ce", law=law)
    assert grown.verdict == ("reproduced" if law == "logarithmic" else "contradicted")
    assert "the growth is logarithmic" in grown.note
    assert [line.verdict for line in ends] == ["reproduced", "reproduced"]


def test_a_bounded_loss_is_not_infinite_at_zero():
    """The Brier score ends at 2 for two classes."""
    assert value_at("mse", np.array([0.0, 1.0])).tolist() == pytest.approx([2.0, 0.0])
    assert growth(Claim("x", "y"), Study(read_terms()), loss="mse", law="power")[1].verdict == "contradicted"
