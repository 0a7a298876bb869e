"""Names of parameters say which is the prediction; where they do not, the prediction comes first."""

from __future__ import annotations

import pytest
import torch

from lossbench.losses import get_loss
from lossbench.losses.custom.order import target_first
from lossbench.report.words.remark import words

SWAPPED = [
    *("y_true y_pred", "target output", "labels logits", "y y_hat", "true pred", "targets inputs", "y p"),
    *(
        "actual predicted",
        "gt out",
        "yTrue yPred",
        "truth estimate",
        "label predicted_label",
        "x x_hat",
        "obs sim",
    ),
]
USUAL = [
    *("y_pred y_true", "input target", "raw target", "prediction target", "logits labels", "output y", "y t"),
    *("a b", "x y", "p q", "predicted_label label", "inputs targets", "mu sigma", "z t"),
]


@pytest.mark.parametrize("names", SWAPPED)
def test_names_that_say_target_first(names: str) -> None:
    """What one order means, the other never means too."""
    assert target_first(*names.split())
    assert not target_first(*reversed(names.split()))


@pytest.mark.parametrize("names", USUAL)
def test_names_that_say_the_usual_order_or_nothing(names: str) -> None:
    """These are called with the prediction first."""
    assert not target_first(*names.split())


def test_a_loss_is_called_as_its_names_say(write) -> None:
    """A function and a module in either order have one value; a note says which order it is."""
    write(
        """
        import torch

        def pinball(y_true, y_pred):
            e = y_true - y_pred
            return torch.maximum(0.9 * e, -0.1 * e)

        def usual(y_pred, y_true):
            return pinball(y_true, y_pred)

        class Module(torch.nn.Module):
            def forward(self, target, output):
                return pinball(target, output)
        """
    )
    raw, target = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [0.5]])
    usual, *others = (get_loss(f"mine.py:{name}", "regression") for name in ("usual", "pinball", "Module"))
    assert usual.record.notes == ()
    for loss in others:
        assert torch.equal(loss(raw, target), usual(raw, target))
        (note,) = map(words, loss.record.notes)
        assert note.startswith("it is called with the target first, f(")
        assert loss.record.receives.startswith("target (batch, targets) and raw outputs")
