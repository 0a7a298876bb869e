"""The table that drives the shared tests: every loss on every task, by default and with other parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from lossbench.losses import Loss, LossRecord, catalogue, get_loss

OTHERS = {
    "huber": ["huber:delta=0.3"],
    "pinball": ["pinball:tau=0.9"],
    "focal": ["focal:gamma=0", "focal:gamma=0.5"],
    "mse_logits": ["mse_logits:k=3:M=2"],
    "hinge": ["hinge:margin=0.5"],
    "label_smoothing": ["label_smoothing:epsilon=0", "label_smoothing:epsilon=0.4"],
}
OUTPUTS = {"regression": 2, "binary": 1, "multiclass": 4, "multilabel": 3}


def specs(record: LossRecord) -> list[str]:
    """Return the specs of a record under test, the default one first."""
    others = OTHERS.get(record.name, []) if record.parameters else []
    uneven = [f"{record.name}:alpha=0.25"] if "alpha" in {p.name for p in record.parameters} else []
    return [record.name, *others, *uneven]


@dataclass(frozen=True)
class Case:
    """A loss and a way to draw inputs for it."""

    loss: Loss

    @property
    def outputs(self) -> int:
        """The number of raw outputs that the tests give it."""
        return self.loss.record.outputs or OUTPUTS[self.loss.task]

    def draw(self, *shape: int, seed: int = 0, scale: float = 2.0, outputs: int | None = None):
        """Return raw outputs of shape (*shape, outputs) in float64, and targets as the record encodes them."""
        rng = np.random.default_rng(seed)
        width = outputs or self.outputs
        raw = torch.as_tensor(rng.normal(scale=scale, size=(*shape, width)))
        if self.loss.record.encoding == "index":
            return raw, torch.as_tensor(rng.integers(width, size=shape))
        if self.loss.task == "regression":
            target = rng.choice([-1.0, 1.0], size=raw.shape) * rng.uniform(0.5, 3, size=raw.shape)
            return raw, torch.as_tensor(target)
        return raw, torch.as_tensor(rng.integers(2, size=raw.shape).astype(float))

    def __str__(self) -> str:
        return f"{self.loss.task}-{self.loss.label}"


def cases(record: LossRecord) -> list[Case]:
    """Return the cases of one record."""
    return [Case(get_loss(spec, record.task)) for spec in specs(record)]


RECORDS = catalogue()
CASES = [case for record in RECORDS for case in cases(record)]


def name(record: LossRecord) -> str:
    """Return the name of a record in a test report."""
    return f"{record.task}-{record.name}"


def gradient(loss: Loss, raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the gradient of every sample's loss in its own raw outputs, in the shape of `raw`."""
    leaf = raw.clone().requires_grad_()
    return torch.autograd.grad(loss.per_sample(leaf, target).sum(), leaf)[0]


def close(left: torch.Tensor, right: torch.Tensor) -> None:
    """Require two results in double precision to be the same but for rounding."""
    torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-10)
