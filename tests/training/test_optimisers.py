"""The optimisers against torch.optim, and their specs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.training.optimisers import OPTIMISERS, parse_optimiser

TORCHS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
HYPER = {"sgd": ("momentum", st.floats(0, 0.999)), "adam": (), "adamw": ("weight_decay", st.floats(0, 2))}
rates = st.floats(1e-6, 1)


def by_torch(
    name: str, start: np.ndarray, gradients: np.ndarray, rate: float, hyper: dict[str, float]
) -> np.ndarray:
    """Return where torch's optimiser takes one parameter."""
    leaf = torch.tensor(start, requires_grad=True)
    optimiser = TORCHS[name]([leaf], lr=rate, **hyper)
    for gradient in gradients:
        leaf.grad = torch.tensor(gradient)
        optimiser.step()
    return leaf.detach().numpy()


@pytest.mark.parametrize("name", OPTIMISERS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_steps_are_torchs(name: str, data: st.DataObject) -> None:
    """All parameters go where torch.optim takes each of them alone."""
    count, steps = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 12))
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    start, gradients = (
        random.normal(size=count),
        random.normal(size=(steps, count)) * random.choice([1e-6, 1, 1e3]),
    )
    rate, hyper = data.draw(rates), {HYPER[name][0]: data.draw(HYPER[name][1])} if HYPER[name] else {}
    theta, gradient = torch.tensor(start), torch.empty(count, dtype=torch.float64)
    optimiser = OPTIMISERS[name](theta, gradient, rate, hyper)
    for values in gradients:
        gradient.copy_(torch.tensor(values))
        optimiser.step()
    for index in range(count):
        wanted = by_torch(name, start[index], gradients[:, index], rate, hyper)
        np.testing.assert_allclose(theta[index].numpy(), wanted, rtol=1e-10, atol=1e-12)


def test_each_parameter_decays_by_its_own() -> None:
    """A decay may be a row: where it is zero, as for a bias, AdamW is Adam."""
    starts = {"adamw": torch.ones(3, 2), "adam": torch.ones(3, 2)}
    hypers = {"adamw": {"weight_decay": torch.tensor([0.5, 0.0])}, "adam": {}}
    for name, theta in starts.items():
        OPTIMISERS[name](theta, torch.ones(3, 2), 0.1, hypers[name]).step()
    moved = starts["adamw"] - starts["adam"]
    torch.testing.assert_close(moved, torch.tensor([[-0.05, 0.0]]).expand(3, 2))


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1e6))
def test_spec_names_one_optimiser(momentum: float, decay: float) -> None:
    """An optimiser written as a spec is read back."""
    assert parse_optimiser(f"sgd:momentum={momentum!r}") == ("sgd", {"momentum": momentum})
    assert parse_optimiser(f"adamw:weight_decay={decay!r}") == ("adamw", {"weight_decay": decay})


@pytest.mark.parametrize("name", OPTIMISERS)
def test_defaults_are_torchs(name: str) -> None:
    """What the user leaves out has torch.optim's default."""
    torchs = TORCHS[name]([torch.zeros(1)], lr=0.1).defaults
    assert all(torchs[key] == value for key, value in parse_optimiser(name)[1].items())


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("es:children=0", BadValue, "children=0 is out of range; give a number in [1, 1000]"),
        ("es:children=2.5", BadValue, "'es:children=2.5': 2.5 children; give a whole number"),
        ("adm", UnknownName, "unknown optimiser 'adm'; did you mean 'adam'"),
        ("rmsprop", UnknownName, "Known: sgd, adam, adamw"),
        (
            "sgd:momentm=0.9",
            UnknownName,
            "'sgd:momentm=0.9': unknown parameter 'momentm'; did you mean 'momentum'",
        ),
        ("adam:momentum=0.9", UnknownName, "takes no parameters"),
        ("sgd:momentum=1", BadValue, "momentum=1 is out of range; give a number in [0, 1)"),
        ("sgd:momentum=-0.1", BadValue, "[0, 1)"),
        ("sgd:momentum=nan", BadValue, "[0, 1)"),
        ("sgd:momentum=high", BadValue, "momentum=high is not a number"),
        ("sgd:momentum=", BadValue, "is not a number"),
        ("adamw:weight_decay=-1", BadValue, "[0, inf)"),
        ("adamw:weight_decay=inf", BadValue, "[0, inf)"),
        ("sgd:momentum=0:momentum=0.9", BadValue, "gives momentum twice"),
        ("", BadValue, "has no name"),
    ],
)
def test_bad_spec_is_refused(spec: str, error: type[Exception], says: str) -> None:
    """The error for a wrong spec quotes it and says what to write."""
    with pytest.raises(error) as caught:
        parse_optimiser(spec)
    assert says in str(caught.value)
