from __future__ import annotations

import pytest

from lossbench.losses import catalogue, get_loss
from lossbench.report.plot import BLANK
from lossbench.report.shape import draw_loss
from lossbench.report.terminal import WIDTH


@pytest.mark.parametrize("record", catalogue(), ids=lambda record: f"{record.task}-{record.name}")
def test_every_loss_is_drawn_within_a_hundred_columns(record) -> None:
    """Value and gradient beside each other, a curve in both, and against what."""
    lines = draw_loss(get_loss(record.name, record.task))
    assert lines[0].split() == ["value", "gradient"]
    assert lines[-1].startswith("against ")
    assert max(map(len, lines)) <= WIDTH
    for part in (slice(0, 45), slice(55, None)):
        assert any(ord(character) > BLANK for line in lines for character in line[part])


def test_parameters_change_the_drawing() -> None:
    """What is drawn is the loss with its parameters."""
    assert draw_loss(get_loss("huber")) != draw_loss(get_loss("huber:delta=3"))
