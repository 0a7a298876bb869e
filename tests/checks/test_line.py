from __future__ import annotations

import pytest
import torch

from lossbench.checks.case import Case, row_by_row
from lossbench.checks.line import lines, standard
from lossbench.losses import catalogue, get_loss
from lossbench.losses.custom.record import USUAL

PLACES = torch.linspace(-3, 3, 61, dtype=torch.float64)


@pytest.mark.parametrize("record", catalogue(), ids=lambda record: f"{record.task}-{record.name}")
def test_gradient_along_a_line_is_the_derivative_of_its_value(record) -> None:
    """On every line of every loss, between two places the value rises by the mean of the gradients at both."""
    case = row_by_row(Case(get_loss(record.name, record.task), USUAL[record.task]))
    places = torch.linspace(0.2, 0.21, 5, dtype=torch.float64)
    for line in lines(case):
        value, slope = line.at(places)
        along = slope[:, line.output]
        rise = value.diff() / places.diff()
        torch.testing.assert_close(rise, (along[1:] + along[:-1]) / 2, rtol=1e-4, atol=1e-6)


def test_the_standard_line_of_a_regression_is_the_error() -> None:
    """On it the squared error is the square of the place, and for a relative error the target is one."""
    value, slope = standard(Case(get_loss("mse", "regression"), 1, alone=True)).at(PLACES)
    torch.testing.assert_close(value, PLACES.square())
    torch.testing.assert_close(slope[:, 0], 2 * PLACES)
    torch.testing.assert_close(standard(Case(get_loss("mape"), 1, alone=True)).at(PLACES)[0], PLACES.abs())


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_the_standard_line_of_a_class_is_the_true_one(task) -> None:
    """The cross-entropy falls as the raw output grows."""
    for spec in ("bce", "ce"):
        value, slope = standard(Case(get_loss(spec, task), USUAL[task], alone=True)).at(PLACES)
        assert (value.diff() < 0).all()
        assert (slope.min(-1).values < 0).all()
