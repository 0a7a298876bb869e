from __future__ import annotations

import gc

import numpy as np
import pytest
import torch
from torch.nn import functional

from lossbench.errors import LossDoesNotFit, LossFailed
from lossbench.losses import get_loss
from lossbench.losses.custom.calls import make_call
from lossbench.losses.custom.candidate import Candidate
from lossbench.losses.custom.conventions import LINKS, make_convention
from lossbench.losses.custom.drift import drift_of
from lossbench.losses.custom.probe import Probe, draw
from lossbench.losses.custom.signature import recognise
from lossbench.report.words.remark import words
from lossbench.task import TASKS, VALUED


def probe(criterion, task="regression", targets=1, **stated) -> Probe:
    """Return the probe of a loss."""
    convention = make_convention(task, recognise(criterion), stated, "mine")
    call = make_call(Candidate("mine", criterion, __file__, "here", ""), {})
    raw, target = draw(convention, targets)
    return Probe("mine", call, convention, raw[0], target[0])


@pytest.mark.parametrize(
    ("criterion", "task", "gives"),
    [
        (lambda p, t: (p - t).square().mean(), "regression", "batch"),
        (lambda p, t: (p - t).square().mean(-1), "regression", "sample"),
        (lambda p, t: (p - t).square(), "regression", "output"),
        (lambda p, t: (p - t).square().sum(-1, keepdim=True), "multilabel", "output"),
        (functional.cross_entropy, "multiclass", "batch"),
        (lambda p, t: functional.cross_entropy(p, t, reduction="none"), "multiclass", "sample"),
        (lambda p, t: functional.binary_cross_entropy_with_logits(p, t, reduction="none"), "multilabel", "output"),
    ],
)
@pytest.mark.parametrize("targets", [2, 5, 9])
def test_what_a_loss_gives_is_seen_from_its_shape(criterion, task, gives, targets):
    """Whatever the number of outputs: rows are never as many as these."""
    assert probe(criterion, task, targets).gives() == gives
    assert list(probe(criterion, task, targets).notes(gives)) == []


@pytest.mark.parametrize("task", TASKS)
def test_a_loss_is_tried_on_the_shapes_of_the_task(task):
    """Outputs as the link needs them, every class there, targets of the right kind, no two models alike.

    Of embeddings there are more classes than numbers.
    """
    for link in LINKS[task]:
        convention = make_convention(task, "pair", {"link": link}, "mine")
        raw, target = draw(convention, 4)
        assert raw.shape[-1] == 4 * convention.outputs_per_target
        assert raw.dtype == torch.float32
        assert not torch.equal(target[0], target[1])
        if convention.target == "index":
            assert set(target.unique().tolist()) == set(range(raw.shape[-1] + 2 * (link == "embedding")))
        elif task in VALUED:
            assert target.shape == (*raw.shape[:2], 4)
            assert link != "softplus" or bool((target > 0).all())
        elif task == "anomaly":
            assert bool(((target >= 0) & (target <= 1)).all())
        else:
            assert all(set(label.tolist()) == {0.0, 1.0} for label in target.flatten(0, 1).T)


def test_a_draw_is_always_the_same():
    """What fits today fits tomorrow; nobody else's random numbers are touched."""
    convention = make_convention("regression", "pair", {}, "mine")
    torch.manual_seed(0)
    state = torch.get_rng_state()
    assert all(torch.equal(*pair) for pair in zip(draw(convention, 2), draw(convention, 2), strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def raising(p, t):
    """Want something else."""
    raise ValueError("only for squares\nand nothing else")


def in_place(p, t):
    """Change the prediction."""
    p -= t
    return p.square().mean()


def in_place_target(p, t):
    """Change the target."""
    t *= 2
    return (p - t).square().mean()


class Counting:
    """A loss that keeps a count of its calls."""

    calls = 0

    def __call__(self, p, t):
        """Count."""
        self.calls += 1
        return (p - t).square().mean() * self.calls


FITS_NOT = {
    "raises": (raising, "it raised ValueError: only for squares (test_probe.py line "),
    "wants another argument": (lambda p, t, v: p.mean(), "it raised TypeError: "),
    "broadcasts": (
        lambda p, t: p.squeeze() - t,
        "it returned shape (5, 5); that is what shapes (batch) and (batch, 1)",
    ),
    "returns another shape": (lambda p, t: p[:3], "it returned shape (3, 1); a loss returns (5,), a value a row"),
    "returns one value in a list": (lambda p, t: (p - t).mean()[None], "it returned shape (1,)"),
    "is not defined": (lambda p, t: p.log().mean(), "its value or its gradient is NaN or infinite"),
    "has an infinite slope": (lambda p, t: (p - p.detach()).sqrt().mean(), "its gradient is NaN or infinite"),
    "is flat": (lambda p, t: (p.round() - t).abs().mean(), "its gradient is zero for every raw output"),
}


@pytest.mark.parametrize("ailment", FITS_NOT)
def test_what_depends_on_the_task_does_not_fit_it(ailment):
    """The message says what is wrong, what the loss was given, and how to state otherwise."""
    criterion, words = FITS_NOT[ailment]
    with pytest.raises(LossDoesNotFit) as caught:
        probe(criterion).gives()
    message = str(caught.value)
    assert message.startswith("loss 'mine' does not fit the task regression: ")
    assert words in message
    assert (
        "It was given raw outputs (batch, targets) and target (batch, targets), with 5 rows and 1 outputs"
        in message
    )
    assert "@gets, @target or @link" in message
    assert "\n" not in message


FAILS = {
    "is no tensor": (lambda p, t: 3.0, "returned float, a number without a gradient"),
    "is detached": (lambda p, t: (p.detach() - t).square().mean(), "has no gradient: its result is cut off"),
    "counts": (lambda p, t: (p > t).float().mean(), "has no gradient"),
    "depends on nothing": (
        lambda p, t: torch.ones((), requires_grad=True) * 1,
        "does not depend on the prediction",
    ),
    "cannot be differentiated": (
        lambda p, t: (p - t).exp().exp_().mul_(2).mean(),
        "has no gradient that can be computed",
    ),
    "changes the prediction": (in_place, "changes its prediction or its target in place"),
    "changes the target": (in_place_target, "changes its prediction or its target in place"),
    "draws": (
        lambda p, t: ((p - t) * torch.rand(())).square().mean(),
        "gives another value when it is called again",
    ),
    "keeps a state": (Counting(), "gives another value when it is called again"),
}


@pytest.mark.parametrize("ailment", FAILS)
def test_what_is_wrong_on_every_task_cannot_be_used(ailment):
    """The message names the loss and the fault."""
    criterion, words = FAILS[ailment]
    with pytest.raises(LossFailed) as caught:
        probe(criterion).gives()
    assert str(caught.value).startswith("loss 'mine' ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "criterion",
    [
        lambda p, t: p.square().mean(),
        lambda raw, target: raw.square().mean(-1),
        lambda p, t: p.square().mean() + t.double().square().mean(),
    ],
    ids=["a batch", "a row", "a value that depends on it"],
)
def test_a_loss_that_forgets_its_target_is_refused(criterion, task):
    """Nothing can be learnt where the gradient is the same for all targets, even if the value is not."""
    with pytest.raises(LossFailed, match="'mine' has the same gradient whatever the target is"):
        probe(criterion, task, 3 if task in ("multiclass", "multilabel") else 1).gives()


def capped(p, t):
    """Refuse large targets."""
    if t.max() > 2:
        raise ValueError("too large")
    return (p - t).square().mean()


@pytest.mark.parametrize(
    ("criterion", "task", "targets"),
    [
        (lambda p, t: (p.mean() - t.mean()).square(), "regression", 1),
        (lambda p, t: (p.mean() - t.mean()).square(), "multilabel", 2),
        (lambda p, t: 1 - torch.corrcoef(torch.cat([p, t], -1).T)[0, 1], "regression", 1),
        (lambda p, t: 1 - functional.cosine_similarity(p, t, dim=0).mean(), "regression", 3),
        (lambda p, t: (p[t == 0][:, None] - p[t == 1]).sigmoid().mean(), "binary", 1),
        (capped, "regression", 1),
    ],
    ids=["mean", "balanced mean", "correlation", "angle", "ranks", "refuses some"],
)
def test_a_loss_may_look_at_its_targets_in_any_way(criterion, task, targets):
    """At their mean, order, direction or ranks alone; one that refuses some targets looks at them too."""
    assert probe(criterion, task, targets).gives() == "batch"


@pytest.mark.parametrize(
    ("criterion", "told"),
    [
        (
            lambda p, t: (p.squeeze() - t).square().mean(),
            "its value does not depend on which row a target belongs to",
        ),
        (
            lambda p, t: (p.squeeze() - t).square().mean(-1),
            "its value does not depend on which row a target belongs to",
        ),
        (lambda p, t: 1 - torch.corrcoef(torch.cat([p, t], -1).T)[0, 1], "on a batch of a single row it is NaN"),
        (lambda p, t: (p - t).squeeze().square(), "on a batch of a single row it returns shape ()"),
        (lambda p, t: (p - t)[1:].sum() / (p - t)[1].sum(), "on a batch of a single row it raised IndexError"),
    ],
)
def test_what_is_suspicious_is_noted(criterion, told):
    """A loss that can be used, but perhaps does not mean what its author thinks."""
    tried = probe(criterion)
    assert any(told in words(note) for note in tried.notes(tried.gives()))


def test_a_loss_that_must_be_trained_itself_is_refused():
    """Its parameters would stay as they were made; frozen ones may."""
    module = torch.nn.PReLU()
    with pytest.raises(
        LossFailed, match=r"parameters of its own to be trained \(weight\).*requires_grad_\(False\)"
    ):
        probe(module)
    module.requires_grad_(False)
    module.forward = lambda prediction, target: (module.weight * (prediction - target)).square().mean()
    assert probe(module).gives() == "batch"


class Raising(torch.nn.Module):
    """A class whose instances cannot be made."""

    def __init__(self):
        raise RuntimeError("no weights")


class Silent:
    """A class whose instances cannot be called."""


def test_a_class_that_makes_no_loss_is_refused():
    """The message has what the constructor raised, or what came out instead of a loss."""
    with pytest.raises(
        LossFailed, match=r"cannot be made: its constructor, given \(\), raised RuntimeError: no weights"
    ):
        probe(Raising)
    with pytest.raises(LossFailed, match="'mine' is no loss but Silent"):
        probe(Silent)


class Projected(torch.nn.Module):
    """A loss with constants drawn at random."""

    def __init__(self):
        super().__init__()
        self.register_buffer("factor", torch.rand(1))

    def forward(self, prediction, target):
        """Return one number for the batch."""
        return (self.factor * (prediction - target)).square().mean()


def test_constants_drawn_by_a_constructor_are_always_the_same():
    """Every process makes the same loss; and it takes any precision."""
    first, second = (probe(Projected) for _ in range(2))
    torch.testing.assert_close(
        first.call(first.raw, first.target), second.call(first.raw, first.target), rtol=0, atol=0
    )
    assert first.call(first.raw.double(), first.target.double()).dtype == torch.float64


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("(loss, {'mse': loss})", "returned a tuple of a tensor () and a dict; a loss returns one tensor: return"),
        ("(p, loss)", "return that of the loss alone, as result[1]"),
        ("(p - t, torch.ones_like(p))", "return the loss alone; if these are its gradient and Hessian"),
        ("{'logits': p, 'loss': loss}", "return that of the loss alone, as result['loss']"),
        ("{'first': loss, 'second': loss}", "with the keys first, second; a loss returns one tensor: return that"),
        ("None", "returned nothing (None); a loss returns one tensor"),
        ("loss.item()", "returned float, a number without a gradient; a loss returns one tensor"),
        ("loss.detach().numpy()", "returned a numpy array, which has no gradient; a loss returns one tensor"),
        ("'low'", "returned str; a loss returns one tensor"),
        ("(lambda: (yield))()", "returned generator; a loss returns one tensor"),
    ],
)
def test_what_came_back_is_said(write, returned, told):
    """Where it is no tensor, the message says what it is and what is expected."""
    write(f"import torch\n\ndef f(p, t):\n    loss = ((p - t) ** 2).mean()\n    return {returned}")
    with pytest.raises(LossFailed) as caught:
        get_loss("mine.py:f", "regression")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("body", "library"),
    [
        ("np.mean((p - t) ** 2)", "numpy"),
        ("p.numpy().mean()", "numpy"),
        ("np.asarray(p).mean()", "numpy"),
        ("scipy.special.xlogy(t, p).mean()", "numpy"),
        ("sklearn.metrics.mean_squared_error(t, p)", "sklearn"),
    ],
    ids=["a function", "a method", "an array", "scipy", "sklearn"],
)
def test_a_loss_that_leaves_torch_is_told_to_stay(write, body, library):
    """Not how numpy would take its numbers, after which they had no gradient, and not what it might be given."""
    write(f"import numpy as np, scipy.special, sklearn.metrics\n\ndef f(p, t):\n    return {body}")
    with pytest.raises(LossFailed) as caught:
        get_loss("mine.py:f", "regression")
    assert f"computes with {library}, whose results have no gradient" in str(caught.value)
    assert "detach" not in str(caught.value)
    assert "@gets" not in str(caught.value)


def test_a_tensor_that_is_kept_between_calls_is_named(write):
    """In plain words, not as torch tells it, which asks for an issue."""
    write(
        """
        last = None

        def f(p, t):
            global last
            loss = ((p - t) ** 2).mean()
            last = loss.detach() if last is None else 0.9 * last + 0.1 * loss.detach()
            return loss / last
        """
    )
    with pytest.raises(LossFailed, match="uses a tensor that it kept from an earlier call; keep nothing between"):
        get_loss("mine.py:f", "regression")


@pytest.mark.parametrize("link", ["identity", "softplus"])
def test_a_change_in_place_is_one_under_every_link(write, link):
    """A link that makes another tensor of the raw outputs hides none, and is not offered as a remedy."""
    write("def f(p, t):\n    p -= t\n    return (p**2).mean()")
    with pytest.raises(LossFailed, match="changes its prediction or its target in place"):
        get_loss(f"mine.py:f:@link={link}", "regression")


def test_a_coroutine_is_said_and_closed(write, recwarn):
    """Python does not warn besides, that nobody awaited it."""
    write("async def f(p, t):\n    return ((p - t) ** 2).mean()")
    with pytest.raises(LossFailed, match=r"returned a coroutine, .*: return the value, from a plain def"):
        get_loss("mine.py:f", "regression")
    gc.collect()
    assert not recwarn.list


@pytest.mark.parametrize("unit", [1e-30, 1e-8, 1e20])
def test_a_loss_in_another_unit_is_judged_alike(unit):
    """Neither is a sound one suspected, nor one by chance taken for sound, since its values are small or large."""
    assert list(probe(lambda p, t: unit * (p - t).square().mean()).notes("batch")) == []
    random = np.random.default_rng(0)
    with pytest.raises(LossFailed, match="gives another value when it is called again"):
        probe(lambda p, t: unit * (p - t).square().mean() * random.uniform(1, 2)).gives()
    calls = []
    raw, target = torch.ones(4, 1), torch.zeros(4, 1)
    drift = drift_of(lambda p, t: calls.append(1) or unit * (p - t).square().mean() / len(calls), raw, target)
    assert "gives" in drift(1)


def on_probabilities(p, t):
    """Stay finite by a clamp, whose gradient is zero."""
    p = p.clamp(1e-6, 1 - 1e-6)
    return -(t * p.log() + (1 - t) * (1 - p).log()).mean()


@pytest.mark.parametrize(
    ("criterion", "task", "wanted"),
    [
        (functional.binary_cross_entropy, "binary", ":@gets=probability"),
        (lambda p, t: -(t * p.log() + (1 - t) * (1 - p).log()).mean(), "multilabel", ":@gets=probability"),
        (lambda p, t: (p - t).square().mean(), "multiclass", ":@target=onehot"),
        (functional.binary_cross_entropy, "multiclass", ":@gets=probability:@target=onehot"),
    ],
)
def test_statements_that_would_help_are_named(criterion, task, wanted):
    """A loss that does not fit as it is called, and would with other statements: with these it does."""
    with pytest.raises(LossDoesNotFit, match=f"; with {wanted} it runs$"):
        probe(criterion, task, 3).gives()
    stated = dict(part.removeprefix("@").split("=") for part in wanted.split(":") if part)
    assert probe(criterion, task, 3, **stated).gives()


DOUBLE = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("criterion", "told"),
    [
        (lambda p, t: functional.cross_entropy(p, t, weight=DOUBLE), "give constants that precision"),
        (lambda p, t: functional.cross_entropy(p, t, weight=DOUBLE.long()), "give constants that precision"),
        (lambda p, t: functional.cross_entropy(p, t - 1), "classes are numbered from 0 to 2"),
        (lambda p, t: -p.log_softmax(1).gather(1, t[:, None] + 1).mean(), "classes are numbered from 0 to 2"),
        (lambda p, t: -(functional.one_hot(t - 1, 3) * p.log_softmax(1)).sum(1), "numbered from 0 to 2"),
        (lambda p, t: (t * p.log_softmax(1)).sum(1).mean(), "if it wants anything else"),
        (lambda p, t: t.sum(1) - (p.log_softmax(1) * t).sum(1), "with :@target=onehot it runs"),
    ],
    ids=["double weights", "whole weights", "from one", "gathered", "one-hot", "minus forgotten", "dimension"],
)
def test_a_statement_is_advised_only_if_it_is_the_remedy(criterion, told):
    """Not where a constant has another precision or a label is no class, nor where it learns the opposite."""
    with pytest.raises(LossDoesNotFit) as caught:
        probe(criterion, "multiclass", 3).gives()
    assert told in str(caught.value)
    assert ("it runs" in str(caught.value)) == ("it runs" in told)


def test_a_clamp_to_probabilities_is_noted():
    """Raw outputs that are no probabilities have no gradient then; on probabilities nothing is to be said."""
    tried = probe(on_probabilities, "binary")
    (note,) = map(words, tried.notes(tried.gives()))
    assert note.endswith("if it is one, state :@gets=probability")
    told = probe(on_probabilities, "binary", gets="probability")
    assert list(told.notes(told.gives())) == []
