from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lossbench.checks.case import Case, in_its_precision
from lossbench.checks.groups import descended
from lossbench.checks.kinds import without_gradient
from lossbench.checks.learns import leads_to_targets
from lossbench.checks.remedy import check_learns, helpful_statements
from lossbench.losses import get_loss
from lossbench.losses.custom.record import USUAL

from .made import made, squared

pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")  # of some losses of torch

OWN = Path(__file__).with_name("own.py")

WRONG = [
    ("likelihood", "binary", "falls without end", ""),
    ("likelihood", "multilabel", "falls without end", ""),
    ("log_probability", "multiclass", "falls without end", ""),
    ("score", "regression", "falls without end", "-loss(prediction, target)"),
    ("overlap", "binary", "the wrong class", ""),
    ("closeness", "regression", "not at the targets", ""),
    ("plain_hinge", "binary", "class 0 has no say", "loss(prediction, 2 * target - 1)"),
    ("turned_hinge", "binary", "the wrong class", "loss(-prediction, target)"),
    ("one_sided", "binary", "class 0 has no say", ""),
    ("one_sided", "multilabel", "label 0 absent has no say", ""),
    ("all_but_one", "multiclass", "class 1 has no say", ""),
    ("linear", "multiclass", "falls without end", ""),
    ("rewards_only", "multiclass", "settled by the start", ""),
    ("next_class", "multiclass", "the wrong class", ""),
    ("offset", "regression", "not at the targets", ""),
    ("other_units", "regression", "not at the targets", ""),
    ("mean_only", "regression", "targets have no say", ""),
    ("floods", "regression", "targets below zero have no say", ""),
    ("clamped", "binary", "settled by the start", ""),
    ("raw_squares", "binary", "does not clearly predict class 0", ":@gets=probability or with :@link=clip"),
    ("raw_squares", "multilabel", "does not clearly predict", ""),
    ("softmax_twice", "multiclass", "applied twice", ""),
    ("sigmoid_twice", "binary", "applied twice", ""),
    ("sigmoid_twice", "multilabel", "applied twice", ""),
    ("softmax_of_rows", "multiclass", "dim=-1", ""),
    ("relu_outputs", "multiclass", "all below zero have no gradient", ""),
    ("relu_squares", "regression", "near targets of -3, -1.5, -0.5 have no gradient", ""),
    ("clamped_squares", "regression", "near targets of -3, -1.5, 1.5, 3 have no gradient", ""),
    ("contrasted", "multiclass", "it compares embeddings", ""),
    ("raw_overlap", "binary", "falls without end near a raw output of", ""),
]
"""Losses of own.py that lead elsewhere: what is found, and what is advised if that is looked at."""

SOUND = {
    "regression": [
        "transported",
        "penalised",
        "rounded",
        "masked",
        "narrow",
        "skewed",
        "tolerant",
        "correlated",
        "indexed",
    ],
    "binary": ["dice", "costly", "worst_half", "ranking", "unsure", "hinge_of_probability"],
    "multiclass": ["weighted", "smoothed", "margin", "bounded", "branching"],
}


def own(name: str, task) -> Case:
    """Return a loss of own.py, in its precision."""
    return in_its_precision(Case(get_loss(f"{OWN}:{name}", task), USUAL[task]))


@pytest.mark.parametrize(("name", "task", "told", "advice"), WRONG)
def test_what_leads_elsewhere_fails(name: str, task, told: str, advice: str) -> None:
    """A loss that cannot learn, or learns the opposite, fails with its fault and what would make it right."""
    case = own(name, task)
    seen = check_learns(case) if advice else leads_to_targets(case)
    assert seen.grade == "fail"
    assert told in seen.saw
    assert advice in seen.saw


@pytest.mark.parametrize("task", SOUND)
def test_what_is_sound_passes(task) -> None:
    """Weights, masks, margins, robust losses and losses of whole batches lead to the targets."""
    assert {
        name: seen.saw for name in SOUND[task] if (seen := leads_to_targets(own(name, task))).grade == "fail"
    } == {}


@pytest.mark.parametrize(
    ("spec", "task", "advice"),
    [
        ("torch.nn:NLLLoss", "multiclass", "loss(prediction.log_softmax(-1), target)"),
        ("torch.nn:KLDivLoss:@target=onehot:reduction=batchmean", "multiclass", ""),
        ("torch.nn:HingeEmbeddingLoss", "binary", ""),
        ("torch.nn:SoftMarginLoss", "binary", "loss(prediction, 2 * target - 1)"),
    ],
)
def test_losses_of_torch_that_want_other_inputs_fail(spec: str, task, advice: str) -> None:
    """What wants log-probabilities, distances, or -1 and 1, is not right on raw outputs and 0 and 1."""
    case = Case(get_loss(spec, task), USUAL[task])
    seen = check_learns(case) if advice else leads_to_targets(case)
    assert seen.grade == "fail"
    assert advice in seen.saw


def test_what_would_hide_the_fault_is_no_remedy() -> None:
    """One-hot targets that hide shifted labels, and an order in which the target is squashed, are not advised."""
    assert helpful_statements(f"{OWN}:next_class", "multiclass", 1) == []
    seen = check_learns(own("squashed_squares", "regression"))
    assert (seen.grade, "it is right" in seen.saw) == ("fail", False)


def test_the_class_that_is_preferred_is_named() -> None:
    """Labels that are shifted by one are seen by which class follows which."""
    seen = leads_to_targets(own("next_class", "multiclass"))
    assert "the more rows are of class 0, the less it is predicted, and class 1 the more" in seen.saw


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_size_of_a_loss_changes_nothing(factor: float) -> None:
    """A constant times a loss ends where the loss does."""
    plain, scaled = (descended(made(lambda raw, target, c=c: c * squared(raw, target))) for c in (1.0, factor))
    torch.testing.assert_close(plain.end, scaled.end, rtol=1e-3, atol=1e-3)


def test_a_minus_turns_the_verdict() -> None:
    """Of a loss and its negative, one leads to the targets and the other does not."""
    for task in ("regression", "binary", "multiclass", "multilabel"):
        for name in {"regression": ["mse", "huber"]}.get(task, ["ce" if task == "multiclass" else "bce"]):
            loss = get_loss(name, task).record.fn
            links = {"encoding": "index"} if task == "multiclass" else {}
            parameters = dict(get_loss(name, task).parameters)
            right = made(lambda raw, target, f=loss, p=parameters: f(raw, target, **p), task, **links)
            wrong = made(lambda raw, target, f=loss, p=parameters: -f(raw, target, **p), task, **links)
            assert (leads_to_targets(right).grade, leads_to_targets(wrong).grade) == ("pass", "fail")


def test_what_is_left_open_is_to_be_known() -> None:
    """A correlation says nothing of shift and scale, and neither does what is predicted."""
    seen = leads_to_targets(own("correlated", "regression"))
    assert (seen.grade, "up to a shift and a scale" in seen.saw) == ("note", True)


def test_a_row_with_little_say_is_not_silent() -> None:
    """A class that weighs a thousandth has a say; one that weighs nothing has none."""
    for weight, mute in ((1e-3, False), (0.0, True)):

        def fn(raw: torch.Tensor, target: torch.Tensor, w: float = weight) -> torch.Tensor:
            sign = 2 * target - 1
            return (torch.nn.functional.softplus(-sign * raw) * (target + (1 - target) * w)).sum(-1)

        assert bool(without_gradient(made(fn, "binary"))) == mute
