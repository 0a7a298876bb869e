"""Two classes in two parametrisations."""

from __future__ import annotations

from lossbench.claims import Claim, Study, read_terms
from lossbench.claims.exact import two_classes as module
from lossbench.claims.exact.two_classes import two_classes
from lossbench.losses import get_loss


def found():
    """Return the evidence."""
    return two_classes(Claim("x", "y"), Study(read_terms()))


def test_softmax_of_two_outputs_is_the_sigmoid_of_their_difference():
    """Value, slope and the way that gradient descent takes are the same but for rounding."""
    lines = found()
    assert [line.detail for line in lines] == ["value", "slope", "gradient descent"]
    assert all(line.verdict == "reproduced" and line.measured < 1e-12 for line in lines)


def test_another_loss_is_not(monkeypatch):
    """The squared error of a probability is told apart in all three."""
    monkeypatch.setattr(module, "losses", lambda: (get_loss("ce", "binary"), get_loss("mse", "binary")))
    assert [line.verdict for line in found()] == ["contradicted"] * 3


def test_the_rate_is_twice(monkeypatch):
    """At the same rate the two come apart."""
    step = module.step
    monkeypatch.setattr(module, "step", lambda *given: step(*given[:-1], module.RATE))
    assert found()[-1].verdict == "contradicted"
