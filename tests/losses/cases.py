"""The table that drives the shared tests: every loss on every task, by default and with other parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from lossbench.losses import Loss, LossRecord, catalogue, get_loss
from lossbench.spec import Parameter

OTHERS = {  # values where something special happens
    "pinball": ["pinball:tau=0.9"],
    "epsilon_insensitive": ["epsilon_insensitive:epsilon=0"],
    "barron": ["barron:alpha=2", "barron:alpha=0", "barron:alpha=-50"],
    "focal": ["focal:gamma=0"],
    "asymmetric": ["asymmetric:gamma_pos=0:gamma_neg=0:m=0", "asymmetric:gamma_neg=0:m=0.3"],
    "poly1": ["poly1:epsilon=-1", "poly1:epsilon=0", "poly1:epsilon=5"],
    "mse_logits": ["mse_logits:k=3:M=2"],
    "label_smoothing": ["label_smoothing:epsilon=0"],
    "gce": ["gce:q=1", "gce:q=0.05"],
    "taylor_ce": ["taylor_ce:t=1", "taylor_ce:t=9.5"],
    "bi_tempered": ["bi_tempered:t1=0:t2=1", "bi_tempered:t1=0.5:t2=4"],
    "class_balanced": ["class_balanced:beta=0"],
}
OUTPUTS = {"regression": 2, "binary": 1, "multiclass": 4, "multilabel": 3}


def specs(record: LossRecord) -> list[str]:
    """Return the specs of a record under test: the default one, one more for each parameter, and those above."""
    moved = [f"{record.name}:{p.name}={away(p):g}" for p in record.parameters]
    return list(dict.fromkeys([record.name, *moved, *(OTHERS.get(record.name, []) if record.parameters else [])]))


def away(parameter: Parameter) -> float:
    """Return an allowed value of a parameter that is not its default."""
    default = parameter.default
    candidates = (0.6 * default, 1.4 * default, default + 0.25, default - 0.25)
    return next(value for value in candidates if value != default and parameter.accepts(value))


@dataclass(frozen=True)
class Case:
    """A loss and a way to draw inputs for it.

    Args:
        loss: the loss.
        alone: True to make every sample a batch by itself, where the loss only exists for a batch.
    """

    loss: Loss
    alone: bool = False

    @property
    def outputs(self) -> int:
        """The number of raw outputs that the tests give it."""
        return self.loss.record.width(OUTPUTS[self.loss.task])

    def draw(self, *shape: int, seed: int = 0, scale: float = 2.0, outputs: int | None = None):
        """Return raw outputs of shape (*shape, outputs) in float64, and targets as the record encodes them."""
        rng = np.random.default_rng(seed)
        width, record = outputs or self.outputs, self.loss.record
        raw = torch.as_tensor(rng.normal(scale=scale, size=(*shape, width)))
        targets = (*shape, width // record.outputs_per_target)
        if record.encoding == "index":
            return raw, torch.as_tensor(rng.integers(width, size=shape))
        if record.task == "regression":
            signs = [1.0] if record.link == "softplus" else [-1.0, 1.0]
            return raw, torch.as_tensor(rng.choice(signs, size=targets) * rng.uniform(0.5, 3, size=targets))
        return raw, torch.as_tensor(rng.integers(2, size=targets).astype(float))

    def prior(self, raw: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return uneven shares of the classes or labels, where the loss asks for them."""
        if not self.loss.record.prior:
            return {}
        share = torch.arange(1, raw.shape[-1] + 1, dtype=raw.dtype)
        share = share / (share.sum() if self.loss.task == "multiclass" else raw.shape[-1] + 2)
        return {"prior": share[None]}

    def value(self, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor) -> torch.Tensor:
        """Return the loss of every sample, or of every batch; shares other than those above may be given."""
        if self.alone:
            raw, target = raw.unsqueeze(-2), target.unsqueeze(raw.dim() - 1)
        return self.loss.per_sample(raw, target, **(prior or self.prior(raw)))

    def __str__(self) -> str:
        return f"{self.loss.task}-{self.loss.label}"


def cases(record: LossRecord, alone: bool = False) -> list[Case]:
    """Return the cases of one record."""
    return [Case(get_loss(spec, record.task), alone) for spec in specs(record)]


RECORDS = catalogue()
CASES = [case for record in RECORDS for case in cases(record)]


def name(record: LossRecord) -> str:
    """Return the name of a record in a test report."""
    return f"{record.task}-{record.name}"


def gradient(case: Case, raw: torch.Tensor, target: torch.Tensor, **prior: torch.Tensor) -> torch.Tensor:
    """Return the gradient of every sample's (or batch's) loss in its own raw outputs, in the shape of `raw`."""
    leaf = raw.clone().requires_grad_()
    return torch.autograd.grad(case.value(leaf, target, **prior).sum(), leaf)[0]


def close(left: torch.Tensor, right: torch.Tensor) -> None:
    """Require two results in double precision to be the same but for rounding."""
    torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-10)
