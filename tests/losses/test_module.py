"""The module of a loss: what anybody's training loop gets is what the loss says, averaged over the batch."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
import torch

from lossbench.errors import BadValue
from lossbench.losses import Loss, get_loss

from .cases import KINDS

BINARY = [case for case in KINDS if case.loss.task == "binary"]
ONE_OUTPUT = [case for case in BINARY if case.loss.record.encoding == "values"]


def prior_of(loss: Loss, classes: int) -> list[float] | None:
    """Return shares of classes that add up to one, where the loss asks for them."""
    total = classes * (classes + 1) / 2
    shares = [rank / total for rank in range(1, classes + 1)] if classes > 1 else [0.3]
    return shares if loss.record.prior else None


@pytest.mark.parametrize("case", KINDS, ids=str)
def test_it_is_the_mean_of_the_loss(case) -> None:
    """Over the samples; of a loss of the whole batch, itself. So is the gradient."""
    raw, target = case.draw(5)
    leaf = raw.clone().requires_grad_()
    prior = prior_of(case.loss, raw.shape[-1])
    found = case.loss.module(prior)(leaf, target)
    given = None if prior is None else torch.tensor(prior, dtype=raw.dtype)
    assert found.shape == ()
    assert torch.equal(found, case.loss(leaf, target, given).mean())
    (slope,) = torch.autograd.grad(found, leaf)
    (wanted,) = torch.autograd.grad(case.loss(leaf, target, given).mean(), leaf)
    torch.testing.assert_close(slope, wanted)


@pytest.mark.parametrize("case", BINARY, ids=str)
@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.float32, torch.float64])
def test_a_binary_target_may_be_of_any_type_and_a_column(case, dtype) -> None:
    """0 and 1 mean the same as (batch,) or (batch, 1), as numbers or truth values, for one output and for two."""
    raw, target = case.draw(6)
    criterion = case.loss.module(prior_of(case.loss, raw.shape[-1]))
    plain = target.reshape(6).to(dtype)
    assert torch.equal(criterion(raw, plain), criterion(raw, plain[:, None]))
    assert torch.equal(criterion(raw, plain), criterion(raw, target))


@pytest.mark.parametrize("spec", ["bce", "mse", "hinge", "dice", "weighted_bce"])
def test_one_output_may_be_squeezed(spec) -> None:
    """A network whose last axis was dropped, (batch,), costs what it would with it."""
    raw, target = torch.linspace(-2, 2, 6), torch.tensor([0, 1, 0, 1, 1, 0])
    loss = get_loss(spec, "binary")
    criterion = loss.module(prior_of(loss, 1))
    for truth in (target, target[:, None]):
        assert torch.equal(criterion(raw, truth), criterion(raw[:, None], target))


@pytest.mark.parametrize("spec", ["mse", "huber:delta=1.2", "pinball:tau=0.9", "mape"])
def test_a_target_of_a_regression_may_be_a_column(spec) -> None:
    """(batch,) or (batch, 1), whichever of both the predictions are: never a square of pairs."""
    raw, target = torch.linspace(-2, 2, 6), torch.linspace(1, 3, 6)
    criterion = get_loss(spec, "regression").module()
    values = {criterion(r, t).item() for r in (raw, raw[:, None]) for t in (target, target[:, None])}
    assert len(values) == 1


@pytest.mark.parametrize(
    ("spec", "task", "raw", "target", "message"),
    [
        ("bce", "binary", torch.zeros(3, 1), torch.tensor([0, 1, 2]), "wants targets of 0 and 1"),
        ("ce", "binary", torch.zeros(3, 2), torch.tensor([0, 1, 2]), "classes from 0 to 2"),
        ("ce", "binary", torch.zeros(3, 2), torch.tensor([0.0, 0.5, 1.0]), "wants class indices"),
        ("ce", "multiclass", torch.zeros(3, 4), torch.tensor([0.0, 1.0, 2.0]), "wants class indices"),
        ("ce", "multiclass", torch.zeros(3), torch.tensor([0, 1, 0]), "at least 2"),
        ("mse", "regression", torch.zeros(3, 1), torch.zeros(1, 3), "broadcasting is refused"),
        ("mse", "regression", torch.zeros(3), torch.zeros(2), "broadcasting is refused"),
    ],
)
def test_what_does_not_belong_is_refused(spec, task, raw, target, message) -> None:
    """Never a silent number: the message names what is there and what to give."""
    with pytest.raises(BadValue, match=message):
        get_loss(spec, task).module()(raw, target)


@pytest.mark.parametrize(
    ("spec", "task", "prior", "message"),
    [
        ("logit_adjusted", "multiclass", None, r"share of each class.*module\(prior=\[0.9, 0.1\]\)"),
        ("weighted_bce", "binary", None, "depends on the share"),
        ("bce", "binary", [0.1], "does not depend on the shares"),
        ("logit_adjusted", "multiclass", [0.9, 0.0, 0.1], "numbers between 0 and 1"),
        ("weighted_bce", "binary", [30.0], "numbers between 0 and 1"),
    ],
)
def test_shares_of_classes_are_given_exactly_where_a_loss_depends_on_them(spec, task, prior, message) -> None:
    """A loss that needs them is not made without; one that does not is not made with."""
    with pytest.raises(BadValue, match=message):
        get_loss(spec, task).module(prior)


def test_shares_of_other_classes_are_refused() -> None:
    """One share is not spread over three classes."""
    criterion = get_loss("logit_adjusted", "multiclass").module([0.5])
    with pytest.raises(BadValue, match="prior has 1 shares, but raw has 3 outputs"):
        criterion(torch.zeros(2, 3), torch.tensor([0, 1]))


@pytest.mark.parametrize("spec", ["huber:delta=1.2", "weighted_bce", "logit_adjusted:tau=0.5", "scaled:loss=mae"])
def test_it_travels_and_saves_nothing(spec) -> None:
    """Pickled or copied it is the same function; its state is empty, so that no checkpoint knows of the loss."""
    loss = get_loss(spec, "regression" if spec[0] in "hs" else None)
    criterion = loss.module(prior_of(loss, 3 if loss.task == "multiclass" else 1))
    assert not criterion.state_dict()
    assert not list(criterion.parameters())
    raw = torch.linspace(-1, 1, 6).reshape(2, 3) if loss.task == "multiclass" else torch.tensor([[1.0], [-3.0]])
    target = torch.tensor([1, 0])
    for other in (pickle.loads(pickle.dumps(criterion)), copy.deepcopy(criterion)):
        assert torch.equal(other(raw, target), criterion(raw, target))
        assert repr(other) == repr(criterion)


@pytest.mark.parametrize(
    ("spec", "task", "said"),
    [
        ("huber", "regression", "MeanLoss(huber:delta=1, task=regression)"),
        ("brier", "binary", "MeanLoss(mse, task=binary)"),
        ("scaled:loss=mae", "regression", "MeanLoss(scaled:factor=2:loss=mae, task=regression)"),
    ],
)
def test_it_says_what_it_is(spec, task, said) -> None:
    """Name and parameters, those that were not given too."""
    assert repr(get_loss(spec, task).module()) == said


def test_it_is_torch_s_own_where_torch_has_it() -> None:
    """Three losses that everybody knows, to the last digits."""
    raw = torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 1, 2, 0, 1, 2, 2])
    one, truth = raw[:, :1], (classes > 0).float()
    functional = torch.nn.functional
    pairs = [
        (get_loss("ce", "multiclass").module()(raw, classes), functional.cross_entropy(raw, classes)),
        (
            get_loss("bce", "binary").module()(one, truth),
            functional.binary_cross_entropy_with_logits(one[:, 0], truth),
        ),
        (
            get_loss("huber:delta=1.2", "regression").module()(one, raw[:, 1]),
            functional.huber_loss(one[:, 0], raw[:, 1], delta=1.2),
        ),
    ]
    for found, wanted in pairs:
        torch.testing.assert_close(found, wanted)


def test_a_loss_of_one_s_own_is_a_module_too(tmp_path) -> None:
    """A file's loss with mean reduction, and torch's own by its name, are what they are when called directly."""
    file = tmp_path / "mine.py"
    file.write_text("def cubic(prediction, target):\n    return ((prediction - target).abs() ** 3).mean()\n")
    raw, target = torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0])
    assert get_loss(f"{file}:cubic", "regression").module()(raw, target).item() == pytest.approx(4.5)
    smooth = get_loss("torch.nn:SmoothL1Loss:beta=0.5", "regression").module()
    torch.testing.assert_close(smooth(raw, target), torch.nn.SmoothL1Loss(beta=0.5)(raw[:, 0], target))


def test_torch_is_imported_when_a_module_is_asked_for() -> None:
    """Not when a loss is found: the catalogue is read, and a usage error met, before."""
    program = (
        "import sys, lossbench; loss = lossbench.get_loss('huber'); before = 'torch' in sys.modules; "
        "loss.module(); print(before, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "False True\n"
