"""Schedules of the rate, clipped gradients and early ends: against torch, and in the three engines."""

from __future__ import annotations

import warnings
from functools import lru_cache
from itertools import cycle, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.training import loop
from lossbench.training.fused.paced import shorten
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.schedule import KINDS, Schedule, check_length, parse_schedule
from lossbench.training.thread import one_thread
from lossbench.training.trace import Trace
from lossbench.training.trial import Trial

from .cases import ENGINES, FAST, OPTIMISERS, pack, same_bits, setup, trial

EPOCHS = 7
SCHEDULES = (
    "constant:clip=0.2",
    "cosine",
    "cosine:warmup=2:clip=0.5:patience=2",
    "step:step_size=2:gamma=0.5",
    "constant:patience=1",
    "step:step_size=3:warmup=1:clip=1:patience=3",
)
PENALTIES = ({}, {"l1": 0.01}, {"l1": 0.003, "l2": 0.02})


def trials_of(name: str, losses: tuple[str, ...]) -> list[Trial]:
    """Return every schedule with every optimiser; penalties, and losses with two seeds, in turn."""
    axes = (
        (*pair, penalty) for pair, penalty in zip(product(SCHEDULES, OPTIMISERS), cycle(PENALTIES), strict=False)
    )
    turns, plain = cycle(product(losses, range(2))), {"epochs": EPOCHS, "lr": 0.03}
    return [
        trial(name, schedule=schedule, optimizer=optimiser, loss=loss, seed=seed, **plain, **penalty)
        for (schedule, optimiser, penalty), (loss, seed) in zip(axes, turns, strict=False)
    ]


@lru_cache
def by_loop(name: str, losses: tuple[str, ...]) -> list[tuple[Pack, Trace]]:
    """Return the packs of a data set, trained by the slow engine once for both that are held against it."""
    trials = trials_of(name, losses)
    return [(group, loop.train(group, torch.float64)) for group in make_packs(setup(name, trials), trials)]


def by_torch(schedule: Schedule, epochs: int) -> list[float]:
    """Return the rates of torch's schedulers, one after the other, stepped once an epoch."""
    made = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    rest = torch.optim.lr_scheduler
    width = int(schedule.warmup)
    after = {
        "constant": lambda: rest.ConstantLR(made, factor=1.0),
        "cosine": lambda: rest.CosineAnnealingLR(made, T_max=epochs - width),
        "step": lambda: rest.StepLR(made, int(schedule.step_size), schedule.gamma),
    }[schedule.kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of a call of its own
        if width:
            rising = rest.LinearLR(made, start_factor=1 / (width + 1), total_iters=width)
            whole = rest.SequentialLR(made, [rising, after()], milestones=[width])
        else:
            whole = after()
        found = []
        for _ in range(epochs):
            found.append(made.param_groups[0]["lr"])
            made.step()
            whole.step()
    return found


@given(st.sampled_from(sorted(KINDS)), st.integers(1, 30), st.data())
def test_the_rates_are_those_of_torch(kind: str, epochs: int, data: st.DataObject) -> None:
    """Stepped once an epoch, torch's schedulers multiply the rate with the same factors."""
    warmup, step = data.draw(st.integers(0, epochs - 1)), data.draw(st.integers(1, 9))
    schedule = Schedule(kind, warmup=warmup, step_size=step, gamma=data.draw(st.floats(0.05, 0.95)))
    np.testing.assert_allclose(schedule.factors(epochs), by_torch(schedule, epochs), rtol=1e-9, atol=1e-12)


@given(st.integers(1, 4), st.floats(1e-3, 1e3), st.integers(0, 1000))
def test_long_gradients_are_shortened_as_by_torch(models: int, longest: float, seed: int) -> None:
    """Each model's by itself, and a shorter one to the bit as it was."""
    drawn = np.random.default_rng(seed).normal(size=(models, 32))
    gradient = torch.tensor(drawn * 10.0 ** np.arange(-1, models - 1)[:, None])
    wanted = gradient.clone()
    for row in wanted:
        leaf = torch.zeros(32, dtype=torch.float64, requires_grad=True)
        leaf.grad = row
        torch.nn.utils.clip_grad_norm_([leaf], longest)
    found = gradient.clone()
    shorten(found, longest)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)
    short = gradient.norm(dim=1) < 0.99 * longest
    assert torch.equal(found[short], gradient[short])


@pytest.mark.parametrize("train", FAST)
@pytest.mark.parametrize(
    ("name", "losses"),
    [
        ("iris", ("ce", "mse", "hinge")),
        ("linnerud", ("mse", "huber")),
        ("moons:rows=60", ("bce", "sum:bce+0.5*mse")),
    ],
)
def test_engines_agree(train, name: str, losses: tuple[str, ...]) -> None:
    """In double precision to 1e-10, and in when each training ends."""
    ended = 0
    for group, wanted in by_loop(name, losses):
        found = train(group, torch.float64)
        for field in ("curve", "last", "best", "train_loss"):
            np.testing.assert_allclose(getattr(found, field), getattr(wanted, field), rtol=1e-10, atol=1e-10)
        np.testing.assert_array_equal(found.trained, wanted.trained)
        ended += int((found.trained < EPOCHS).sum())
        if found.slopes is not None:
            np.testing.assert_allclose(found.slopes, wanted.slopes, rtol=1e-8, atol=1e-10)
    assert ended


def test_an_evolution_strategy_has_a_schedule_too() -> None:
    """Its rate is how far children are moved, and its training may end early."""
    whole = [
        trial("iris", schedule=one, optimizer="es", loss=loss, epochs=EPOCHS, lr=0.1)
        for one, loss in product(("constant", "cosine:warmup=1", "step:step_size=2:patience=2"), ("ce", "mse"))
    ]
    fast = FAST[0].values[0]
    found, wanted = fast(pack(*whole), torch.float64), loop.train(pack(*whole), torch.float64)
    np.testing.assert_allclose(found.curve, wanted.curve, atol=1e-10)
    np.testing.assert_array_equal(found.trained, wanted.trained)
    assert len({tuple(row.ravel()) for row in found.last[::2]}) == 3


@pytest.mark.parametrize("train", ENGINES)
@pytest.mark.parametrize(("name", "loss"), [("iris", "ce"), ("moons:rows=60", "sum:bce+0.5*mse")])
def test_an_early_end_is_the_end_of_a_shorter_training(train, name: str, loss: str) -> None:
    """To the bit: what ends after e epochs is what has e epochs, and no gain came in the last of them."""
    plain = {"loss": loss, "lr": 0.1}
    patient = [trial(name, **plain, schedule="constant:patience=2", epochs=12, seed=seed) for seed in range(4)]
    trace = train(pack(*patient))
    assert (trace.trained < 12).any()
    for index, epochs in enumerate(trace.trained.tolist()):
        alone = train(pack(trial(name, **plain, epochs=epochs, seed=index)))
        np.testing.assert_array_equal(trace.last[index], alone.last[0])
        np.testing.assert_array_equal(trace.best[index], alone.best[0])
        np.testing.assert_array_equal(trace.curve[index, :epochs], alone.curve[0])
        np.testing.assert_array_equal(trace.curve[index, epochs:], alone.curve[0, -1])
        assert epochs == min(12, alone.best_epoch[0] + 2)


@pytest.mark.parametrize("train", FAST)
def test_company_changes_no_bit_of_an_early_end(train) -> None:
    """Alone, or beside others that end earlier and later, under losses that are compiled and that are not."""
    losses = ("bce", "sum:bce+0.5*mse", "focal")
    whole = [
        trial("moons:rows=60", loss=loss, schedule=schedule, epochs=EPOCHS, lr=rate, seed=seed)
        for loss, schedule, rate, seed in product(losses, SCHEDULES[::2], (0.1, 1e30), range(2))
    ]
    with one_thread():
        together = train(pack(*whole))
        assert len(set(together.trained.tolist())) > 2
        for subset in ([0], [35], [31, 5], list(range(33, 0, -4))):
            same_bits(train(pack(*(whole[index] for index in subset))), together, subset)


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("cosin", UnknownName, "unknown schedule 'cosin'; did you mean 'cosine'"),
        ("cosine:gamma=0.5", UnknownName, "'cosine:gamma=0.5': unknown parameter 'gamma'"),
        ("constant:clip=-1", BadValue, "clip=-1 is out of range; give a number in (0, inf)"),
        ("constant:clip=0", BadValue, "(0, inf)"),
        ("constant:patience=2.5", BadValue, "patience=2.5; give a whole number of epochs"),
        ("step:gamma=1", BadValue, "(0, 1)"),
        ("cosine:warmup=-1", BadValue, "[0, inf)"),
        ("cosine:warmup=nan", BadValue, "[0, inf)"),
    ],
)
def test_bad_spec_is_refused(spec: str, error: type[Exception], says: str) -> None:
    """The error for a wrong spec quotes it and says what to write."""
    with pytest.raises(error) as caught:
        parse_schedule(spec)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "least"), [("cosine:warmup=5", 6), ("step:step_size=4:warmup=2", 7), ("constant:patience=9", 10)]
)
def test_a_schedule_must_have_room(spec: str, least: int) -> None:
    """Of a warm-up that never ends, a rate that never falls, a patience that never ends a training."""
    check_length(spec, parse_schedule(spec), least)
    with pytest.raises(BadValue, match=f"a training has {least - 1}"):
        check_length(spec, parse_schedule(spec), least - 1)
