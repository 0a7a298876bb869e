from __future__ import annotations

import numpy as np
import pytest

from lossbench.claims.exact.evaluation_cost import ROUNDS, line, step
from lossbench.claims.report.figures import size
from lossbench.losses import get_loss
from lossbench.losses.registry import losses_of
from lossbench.task import TASKS


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, "contradicted"), (3.0, "reproduced")])
def test_the_dearest_loss_decides(factor, verdict):
    """By what it costs in nine rounds of ten; one slow round changes nothing."""
    dear = np.full(ROUNDS, factor)
    dear[3] = 50.0
    found = line("binary", {"mse": np.ones(ROUNDS), "dear": dear})
    assert (found.verdict, found.measured) == (verdict, factor)
    said = "dear, the dearest of 2 losses for the task binary, takes"
    assert found.clause == f"{said} {factor:g} times as long as mse on this machine"
    assert size(found) == f"{ROUNDS} rounds"


@pytest.mark.parametrize("task", TASKS)
def test_every_loss_can_be_timed(task):
    """Its gradient is defined at the points where it is evaluated."""
    for record in losses_of(task):
        (gradient,) = step(get_loss(record.name, task))()
        assert bool(gradient.isfinite().all()), record.name
