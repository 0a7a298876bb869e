from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lossbench.checks.case import FIXED_ROWS, Case, TimeIsUp, gradient, in_its_precision, row_by_row
from lossbench.checks.kinks import check_kinks
from lossbench.checks.numerics import check_slopes
from lossbench.losses import get_loss

from .made import made, squared
from .test_learns import OWN


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
    among = Case(mean.loss, 1, alone=True, beside=FIXED_ROWS)
    change = among.value(raw + 1, target) - among.value(raw, target)
    expected = (squared(raw + 1, target) - squared(raw, target)) / (FIXED_ROWS + 1)
    torch.testing.assert_close(change, expected)


def test_company_is_kept_where_one_row_is_too_few() -> None:
    """A standard deviation needs several rows; what does without has none beside it."""
    spread = made(lambda raw, target: raw.std(-2).mean(-1), whole_batch=True)
    assert row_by_row(spread).beside == FIXED_ROWS
    assert row_by_row(made(squared)).beside == 0


def test_company_is_kept_where_one_row_is_a_mere_sign() -> None:
    """A cosine over the batch is flat in one row but for a jump at zero; among others it has a slope."""

    def angle(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return 1 - torch.nn.functional.cosine_similarity(raw, target, dim=-2).mean(-1)

    cosine = made(angle, whole_batch=True)
    assert row_by_row(cosine).beside == FIXED_ROWS
    assert gradient(row_by_row(cosine), *cosine.draw(3)).norm() > 0.01
    assert check_kinks(cosine).grade == "pass"


@pytest.mark.parametrize(("name", "single"), [("weighted", True), ("smoothed", False)])
def test_a_loss_that_refuses_double_is_evaluated_in_single(name: str, single: bool) -> None:
    """Constants in single precision fix that of the loss; what takes both is looked at in double."""
    case = in_its_precision(Case(get_loss(f"{OWN}:{name}", "multiclass"), 3))
    assert case.value(*case.draw(5)).dtype == case.precision == (torch.float32 if single else torch.float64)


def test_a_loss_that_rounds_inside_is_evaluated_in_single() -> None:
    """A step that only double precision can see moves nothing, though the result is double."""
    inside = made(lambda raw, target: squared(raw.float(), target.float()).to(raw.dtype))
    assert in_its_precision(inside).precision == torch.float32
    assert in_its_precision(made(squared)).precision == torch.float64


def coarse(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return a squared error in bfloat16."""
    return squared(raw.bfloat16(), target.bfloat16()).float()


@pytest.mark.parametrize(
    "fn",
    [
        coarse,
        lambda raw, target: squared(raw.half(), target.half()).float(),
        lambda raw, target: squared(raw, target).bfloat16().float(),
        lambda raw, target: squared(raw.bfloat16().float(), target.float()),
    ],
    ids=["bfloat16", "half", "its value", "its prediction"],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_loss_in_half_precision_is_judged_by_its_own_rounding(fn, whole: bool) -> None:
    """As under autocast: its gradient is that of its value, as far as is seen, and it gets single precision."""
    case = in_its_precision(
        made(lambda raw, target: fn(raw, target).mean(-1), whole_batch=True) if whole else made(fn)
    )
    assert case.precision == torch.bfloat16
    assert case.value(*case.draw(5)).dtype == torch.float32
    assert check_slopes(case).grade == "pass"


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32])
def test_what_is_cut_off_is_found_in_any_precision(kind: torch.dtype) -> None:
    """A weight that is detached is no rounding."""

    def cut(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (raw.detach().abs() * (raw.to(kind) - target.to(kind)).square()).float().mean(-1)

    case = in_its_precision(made(cut))
    assert (case.precision, check_slopes(case).grade) == (kind, "fail")


def test_a_rounded_prediction_is_no_precision() -> None:
    """Its value has jumps, few of them, that its gradient does not show."""

    def rounded(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return squared(raw + (raw.round() - raw).detach(), target)

    case = in_its_precision(made(rounded))
    assert case.precision == torch.float32
    assert check_slopes(case).grade == "fail"


def test_a_loss_gets_raw_outputs_with_a_gradient() -> None:
    """A loss of the user's own may differentiate by itself, though nobody asks for its gradient."""

    def steep(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        (slope,) = torch.autograd.grad(squared(raw, target).sum(), raw, create_graph=True)
        return slope.square().sum(-1)

    case = made(steep)
    raw, target = case.draw(5)
    torch.testing.assert_close(case.value(raw, target), 4 * (raw - target).square().sum(-1))
    assert not case.value(raw, target).requires_grad


def test_a_case_gives_up_when_time_is_up() -> None:
    """No call begins after the hour that is set."""
    late = replace(made(squared), until=0.0)
    with pytest.raises(TimeIsUp):
        late.value(*late.draw(5))
