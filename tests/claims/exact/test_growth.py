from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact.growth import LAWS, best_constant, growth, influence, misfit, value_at
from lossbench.losses import get_loss

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


targets = st.lists(st.floats(-100, 100), min_size=3, max_size=9).map(np.array)


@settings(deadline=None, max_examples=25)
@given(targets)
def test_the_best_constant_is_the_mean_or_the_median(values):
    """Of the squared error the mean, of the absolute error a median: as many targets above as below."""
    assert best_constant(get_loss("mse", "regression"), values) == pytest.approx(values.mean(), abs=1e-6)
    middle = best_constant(get_loss("mae", "regression"), values)
    cost = np.abs(values - middle).sum()
    assert cost == pytest.approx(np.abs(values - np.median(values)).sum(), abs=1e-6)


@pytest.mark.parametrize(
    ("loss", "found"), [("mse", "unbounded"), ("mae", "bounded"), ("huber", "bounded"), ("log_cosh", "bounded")]
)
@pytest.mark.parametrize("claimed", ["bounded", "unbounded"])
def test_influence_is_bounded_for_bounded_slopes(loss, found, claimed):
    """A loss with a bounded slope bounds the pull of one target, the squared error does not."""
    (line,) = influence(Claim("x", "y"), Study(read_terms()), losses=(loss,), influence=claimed)
    assert line.verdict == ("reproduced" if claimed == found else "contradicted")
    assert line.note.startswith(found)
