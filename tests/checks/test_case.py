from __future__ import annotations

import pytest
import torch

from lossbench.checks.case import COMPANY, Case, gradient, lone
from lossbench.checks.kinks import check_kinks
from lossbench.losses import get_loss

from .made import made, squared


@pytest.mark.parametrize(("spec", "task"), [("mse", "regression"), ("ce", "multiclass"), ("bce", "multilabel")])
def test_alone_a_sample_has_the_loss_that_it_has_among_others(spec: str, task: str) -> None:
    """Where samples do not see each other, a batch of one, and company, change nothing."""
    case = Case(get_loss(spec, task), 3)
    raw, target = case.draw(2, 5)
    for other in (Case(case.loss, 3, alone=True), Case(case.loss, 3, alone=True, beside=4)):
        torch.testing.assert_close(other.value(raw, target), case.value(raw, target))


def test_a_whole_batch_has_a_value_for_each_sample_alone() -> None:
    """A mean over a batch of one is the loss of that sample; with company, its change is that of the sample."""
    mean = made(lambda raw, target: squared(raw, target).mean(-1), whole_batch=True)
    raw, target = mean.draw(5)
    torch.testing.assert_close(Case(mean.loss, 1, alone=True).value(raw, target), squared(raw, target))
    among = Case(mean.loss, 1, alone=True, beside=COMPANY)
    change = among.value(raw + 1, target) - among.value(raw, target)
    expected = (squared(raw + 1, target) - squared(raw, target)) / (COMPANY + 1)
    torch.testing.assert_close(change, expected)


def test_company_is_kept_where_one_row_is_too_few() -> None:
    """A standard deviation needs several rows; what does without has none beside it."""
    spread = made(lambda raw, target: raw.std(-2).mean(-1), whole_batch=True)
    assert lone(spread).beside == COMPANY
    assert lone(made(squared)).beside == 0


def test_company_is_kept_where_one_row_is_a_mere_sign() -> None:
    """A cosine over the batch is flat in one row but for a jump at zero; among others it has a slope."""

    def angle(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return 1 - torch.nn.functional.cosine_similarity(raw, target, dim=-2).mean(-1)

    cosine = made(angle, whole_batch=True)
    assert lone(cosine).beside == COMPANY
    assert gradient(lone(cosine), *cosine.draw(3)).norm() > 0.01
    assert check_kinks(cosine).grade == "pass"
