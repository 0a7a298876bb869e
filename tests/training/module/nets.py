"""Networks as users write them: what may be trained, and what is refused."""
# ruff: noqa: D102

from __future__ import annotations

import random
import warnings

import torch
from torch import nn
from torch.nn import functional


class Same(nn.Module):
    """The same network as `mlp:16`."""

    def __init__(self, inputs: int, outputs: int, width: int = 16) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, width), nn.Linear(width, outputs)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


class Varied(nn.Module):
    """Norms, a tied layer, a frozen layer, a scale without axes, and buffers that stay as they are."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.first, self.tied, self.out = nn.Linear(in_features, 6), nn.Linear(6, 6), nn.Linear(6, out_features)
        self.norm, self.scale = nn.LayerNorm(6), nn.Parameter(torch.tensor(0.5))
        self.again = self.tied
        self.frozen = nn.Linear(6, 6).requires_grad_(False)
        self.register_buffer("shift", torch.rand(6))
        self.register_buffer("order", torch.arange(6).flip(0))

    def forward(self, x):
        h = functional.gelu(self.norm(self.first(x)))
        h = torch.tanh(self.tied(h)) + self.again(h) * self.scale
        return self.out(self.frozen(h)[:, self.order] + self.shift)


def sequence(inputs, outputs, activation="tanh"):
    """Return a Sequential, as loops use it for layers in a row."""
    between = {"tanh": nn.Tanh, "relu": nn.ReLU}[activation]()
    return nn.Sequential(nn.Linear(inputs, 5), between, nn.Linear(5, outputs))


class Branches(nn.Module):
    """It looks at a value, so that it cannot be mapped; what it does with it changes nothing."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.out = nn.Linear(inputs, outputs)

    def forward(self, x):
        raw = self.out(x)
        return raw if self.out.weight.sum() > 0 else raw + 0


class Embeds(nn.Module):
    """A trunk and a head."""

    def __init__(self, inputs, outputs, numbers=8):
        super().__init__()
        self.head, self.trunk = nn.Linear(numbers, outputs), nn.Linear(inputs, numbers)

    def forward(self, x):
        return self.head(self.trunk(x))


class Deep(Embeds):
    """A head of two layers."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.head = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, outputs))


class Wrong(Same):
    """One output too many."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs + 1)


class Empty(nn.Module):
    """Nothing to train."""

    def forward(self, x):
        return x[:, :1]


class Cut(Same):
    """Its outputs hang on no parameter."""

    def forward(self, x):
        return super().forward(x).detach()


class Counts(Same):
    """It counts its calls."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


class Normed(Same):
    """Batch norm, which keeps means."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.bn = nn.BatchNorm1d(inputs)

    def forward(self, x):
        return super().forward(self.bn(x))


class Centred(Same):
    """It takes the mean of the batch away."""

    def forward(self, x):
        return super().forward(x - x.mean(0))


class Dropped(Same):
    """Dropout."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return super().forward(self.drop(x))


class Noisy(Same):
    """Numbers of Python's own generator."""

    def forward(self, x):
        return super().forward(x + random.random())


class Cuda(Same):
    """It wants a device that is not there."""

    def forward(self, x):
        return super().forward(x.to("cuda:7"))


class MadeOnCuda(Same):
    """It puts itself on a device that is not there."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.to("cuda:7")


class Raises(Same):
    """It raises."""

    def forward(self, x):
        raise KeyError("no such layer")


class Nameless(nn.Module):
    """It does not say which of its parameters are its sizes."""

    def __init__(self, n, m):
        super().__init__()
        self.out = nn.Linear(n, m)

    def forward(self, x):
        return self.out(x)


class Modes(Same):
    """Other outputs in training."""

    def forward(self, x):
        return super().forward(x) * (2 if self.training else 1)


class Lazy(nn.Module):
    """Sizes that a first call settles."""

    def __init__(self, outputs):
        super().__init__()
        self.out = nn.LazyLinear(outputs)

    def forward(self, x):
        return self.out(x)


class Half(Same):
    """Numbers of half the digits."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.to(torch.bfloat16)


class Warns(Same):
    """It warns at every call."""

    def forward(self, x):
        warnings.warn("features are looked at", stacklevel=2)
        return super().forward(x)


class Picky(Same):
    """It refuses values that its trial does not have."""

    def forward(self, x):
        if x.abs().max() > 9:
            raise ValueError("features too large")
        return super().forward(x)


def number(inputs, outputs):
    """Return no network."""
    return 3


def broken(inputs, outputs):
    """Raise."""
    raise RuntimeError("no weights")
