"""Specs of networks, first weights, and the hand-written backward pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.training.fused.kernels import ACTIVATIONS as FUSED
from lossbench.training.fused.layout import SLOTS, Layout
from lossbench.training.fused.network import Layers
from lossbench.training.loop.networks import ACTIVATIONS as MODULES
from lossbench.training.network import ACTIVATIONS, Model, initial_weights, parse_model

from .cases import pack, trial

widths = st.lists(st.integers(1, 5000), min_size=1, max_size=6).map(tuple)


@given(widths, st.sampled_from(ACTIVATIONS))
def test_spec_names_one_model(sizes: tuple[int, ...], activation: str) -> None:
    """A model written as a spec is read back; relu need not be written."""
    spec = f"mlp:{','.join(map(str, sizes))}"
    assert parse_model(f"{spec}:{activation}") == Model(sizes, activation)
    assert parse_model(spec) == Model(sizes, "relu")


def test_linear_model_has_no_hidden_layer() -> None:
    """A linear model goes from the inputs to the outputs at once."""
    assert parse_model("linear").sizes(4, 3) == [(3, 4)]


@given(widths, st.integers(1, 100), st.integers(1, 20))
def test_layers_fit_together(sizes: tuple[int, ...], inputs: int, outputs: int) -> None:
    """Every layer has as many inputs as the layer below has units."""
    layers = Model(sizes).sizes(inputs, outputs)
    assert [units for units, _ in layers] == [*sizes, outputs]
    assert [fan_in for _, fan_in in layers] == [inputs, *sizes]


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("mpl:8", UnknownName, "unknown model 'mpl'; did you mean 'mlp'"),
        ("Linear", UnknownName, "did you mean 'linear'"),
        ("", UnknownName, "unknown model ''"),
        ("mlp:8:tahn", UnknownName, "'mlp:8:tahn': unknown activation 'tahn'; did you mean 'tanh'"),
        ("mlp:8:tanh:8", UnknownName, "unknown activation 'tanh:8'"),
        ("mlp:0", BadValue, "'mlp:0': widths are positive whole numbers"),
        ("mlp:8,0", BadValue, "positive whole numbers"),
        ("mlp:-8", BadValue, "positive whole numbers"),
        ("mlp:8.5", BadValue, "positive whole numbers"),
        ("mlp:wide", BadValue, "positive whole numbers"),
        ("mlp:8,", BadValue, "positive whole numbers"),
        ("mlp:", BadValue, "positive whole numbers"),
        ("mlp", BadValue, "as in mlp:64,32:tanh"),
        ("mlp:tanh", BadValue, "positive whole numbers"),
        ("linear:8", BadValue, "write linear, or mlp:WIDTHS"),
        ("linear:", BadValue, "write linear"),
        ("mlp:8:", UnknownName, "unknown activation ''"),
    ],
)
def test_bad_spec_is_refused(spec: str, error: type[Exception], says: str) -> None:
    """The error for a wrong spec quotes it and says what to write."""
    with pytest.raises(error) as caught:
        parse_model(spec)
    assert says in str(caught.value)


@settings(max_examples=25, deadline=None)
@given(widths.filter(lambda sizes: sum(sizes) < 500), st.integers(0, 50), st.integers(1, 4), st.integers(1, 5))
def test_losses_with_more_outputs_share_all_they_can(
    sizes: tuple[int, ...], seed: int, outputs: int, more: int
) -> None:
    """Two networks that differ in outputs only have the same hidden layers and the same common output units."""
    *hidden, last = initial_weights("made-up", seed, Model(sizes), 7, outputs)
    *wider_hidden, wider_last = initial_weights("made-up", seed, Model(sizes), 7, outputs + more)
    assert all(np.array_equal(left, right) for left, right in zip(hidden, wider_hidden, strict=True))
    np.testing.assert_array_equal(last, wider_last[:outputs])


@given(st.integers(0, 1000), st.integers(1, 60))
def test_first_weights_lie_within_their_bound(seed: int, inputs: int) -> None:
    """Weights and biases are uniform in ±1/√inputs: inside it, and not all near zero."""
    (matrix,) = initial_weights("made-up", seed, Model(()), inputs, 16)
    assert matrix.shape == (16, inputs + 1)
    assert np.abs(matrix).max() <= 1 / np.sqrt(inputs) < 2 * np.abs(matrix).max()


def test_first_weights_follow_data_set_and_seed() -> None:
    """Another data set or another seed has other weights in every layer."""
    model = Model((3,))
    base = initial_weights("iris", 0, model, 4, 3)
    for other in (initial_weights("iris", 1, model, 4, 3), initial_weights("wine", 0, model, 4, 3)):
        assert all((left != right).all() for left, right in zip(base, other, strict=True))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_activation_and_its_slope_are_torchs(name: str, dtype: torch.dtype) -> None:
    """Both engines name the same functions; the slope is the one autograd finds."""
    values, slope = torch.randn(2, 3, 64, dtype=dtype, generator=torch.Generator().manual_seed(0)).unbind(0)
    leaf = values.clone().requires_grad_()
    wanted = MODULES[name]()(leaf)
    (wanted_slope,) = torch.autograd.grad(wanted, leaf, slope)
    found, saved = FUSED[name].forward(values.clone())
    torch.testing.assert_close(found, wanted.detach())
    torch.testing.assert_close(FUSED[name].backward(slope.clone(), saved), wanted_slope)


def test_every_activation_stands_in_both_engines() -> None:
    """A name that the grammar accepts is one that both engines know."""
    assert set(ACTIVATIONS) == set(FUSED) == set(MODULES)


def batch(network: Layers, blocks: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random features (blocks, columns, inputs + 1), their last column one, and random output gradients."""
    random = torch.Generator().manual_seed(seed)
    features = torch.randn(blocks, 32, network.layers[0].shape[2], dtype=torch.float64, generator=random)
    features[..., -1] = 1
    slope = torch.randn(blocks * SLOTS, network.layers[-1].shape[1], 32, dtype=torch.float64, generator=random)
    return features, slope


def by_autograd(network: Layers, activation: str, features: torch.Tensor, slope: torch.Tensor):
    """Return the raw outputs of the same networks in plain torch, and the gradient of their parameters."""
    theta = network.theta.clone().requires_grad_()
    first, *rest = network.split(theta)
    values = first @ features.repeat_interleave(SLOTS, dim=0).transpose(1, 2)
    for layer in rest:
        hidden = MODULES[activation]()(values)
        values = layer[:, :, :-1] @ hidden + layer[:, :, -1:]
    return values.detach(), torch.autograd.grad(values, theta, slope)[0]


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "linnerud"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", ["", "8", "1", "6,3", "5,4,3"])
def test_backward_pass_is_autograds(name: str, activation: str, sizes: str) -> None:
    """The backward pass written by hand gives what autograd gives, at every depth, twice in a row."""
    model = f"mlp:{sizes}:{activation}" if sizes else "linear"
    group = pack(*(trial(name, model=model, seed=seed) for seed in (0, 0, 1)))
    layout = Layout.of(group, torch.float64)
    network = Layers(layout)
    for seed in range(2):
        features, slope = batch(network, len(layout.block), seed)
        raw, gradient = by_autograd(network, activation, features, slope)
        torch.testing.assert_close(network.forward(features), raw, rtol=1e-12, atol=1e-12)
        network.backward(slope)
        torch.testing.assert_close(network.gradient, gradient, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("model", ["linear", "mlp:5", "mlp:4,3:tanh"])
def test_every_model_starts_from_its_seeds_weights(model: str) -> None:
    """The layers of each slot are the first weights of its trial."""
    group = pack(*(trial("iris", model=model, seed=seed) for seed in (0, 1, 1, 2)))
    layout = Layout.of(group, torch.float64)
    network = Layers(layout)
    for slot, index in enumerate(layout.slots):
        for layer, first in zip(network.layers, group.weights[index], strict=True):
            np.testing.assert_array_equal(layer[slot], first)


@pytest.mark.parametrize("model", ["linear", "mlp:5", "mlp:4,3:tanh"])
def test_weights_are_told_from_biases(model: str) -> None:
    """The mask of the weights is one at each of them; zero at the biases, which are last, and in the padding."""
    group = pack(trial("iris", model=model))
    network = Layers(Layout.of(group, torch.float64))
    mask = network.weights_only()
    for layer in network.split(mask[None]):
        assert bool(layer[..., :-1].all())
        assert not layer[..., -1].any()
    assert mask.sum() == sum(units * inputs for units, inputs in network.shapes)
