"""The models of a pack that train under one loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from lossbench.losses.record import LossRecord
from lossbench.training.fused.layout import Layout
from lossbench.training.targets import offset_of, prior_of

Derivative = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Group:
    """The models that train under one loss, each with its own values of the loss's parameters.

    Args:
        specs: the distinct specs of the loss, as the user wrote them.
        parameters: (models, 1, 1) the values of each parameter; (models, 1, outputs) the class shares.
        offset: (models, 1, outputs) added to the raw outputs before the loss sees them; None for zero.
    """

    record: LossRecord
    specs: tuple[str, ...]
    parameters: Mapping[str, torch.Tensor]
    offset: torch.Tensor | None

    def gradient(
        self, raw: torch.Tensor, target: torch.Tensor, count: int, weights: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the gradient of the loss, summed over samples, with respect to raw (models, columns, outputs).

        The target is (models, columns, ...), and the weights of samples, if they have any, are (models, columns).
        Columns from `count` on are padding.
        """
        slope = self.unweighted(raw, target, count)
        return slope if weights is None else slope * weights.unsqueeze(-1)

    def unweighted(self, raw: torch.Tensor, target: torch.Tensor, count: int) -> torch.Tensor:
        """Return the gradient where every sample counts alike."""
        seen = raw if self.offset is None else raw + self.offset
        if self.record.slope is not None:
            return self.of_padded(self.stated, seen, target, count)
        with torch.inference_mode(False):  # autograd refuses tensors made in inference mode
            return self.of_padded(self.by_autograd, seen.clone(), target.clone(), count)

    def value(
        self, raw: torch.Tensor, target: torch.Tensor, count: int, weights: torch.Tensor | None
    ) -> np.ndarray:
        """Return the loss summed over samples, (models,) float64; see `gradient` for the arguments."""
        seen = raw if self.offset is None else raw + self.offset
        with torch.inference_mode(False):  # as in training: a user's loss may ask for a gradient
            seen, target = seen.clone().requires_grad_(), target.clone()
            if self.record.whole_batch:
                each = self.record.fn(seen[:, :count], target[:, :count], **self.parameters)
                return np.asarray(float64(each) * count)
            values = float64(self.record.fn(seen, target, **self.parameters)[:, :count])
        return np.asarray((values if weights is None else values * float64(weights[:, :count])).sum(axis=1))

    def by_autograd(self, seen: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the derivative of the sum of all losses by autograd, (models, columns, outputs) as `seen`."""
        leaf = seen.detach().requires_grad_()
        losses = self.record.fn(leaf, target, **self.parameters)
        return torch.autograd.grad(losses, leaf, torch.ones_like(losses))[0]

    def stated(self, seen: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the derivative by the formula of the record, (models, columns, outputs) as `seen`."""
        assert self.record.slope is not None  # else `by_autograd` is used
        return self.record.slope(seen, target, **self.parameters)

    def of_padded(
        self, derivative: Derivative, seen: torch.Tensor, target: torch.Tensor, count: int
    ) -> torch.Tensor:
        """Return the derivative of the sum over samples, (models, columns, outputs).

        A whole-batch loss must not see the padding, and its derivative is scaled as for a sum.
        """
        if not self.record.whole_batch:
            return derivative(seen, target)
        slope = torch.zeros_like(seen)
        slope[:, :count] = derivative(seen[:, :count], target[:, :count]) * count
        return slope


def float64(values: torch.Tensor) -> np.ndarray:
    """Return values of a loss in double precision, to be summed."""
    return np.ascontiguousarray(values.detach().cpu().double().numpy())  # numpy has no bfloat16


def make_group(layout: Layout, trials: np.ndarray) -> Group:
    """Group trials (models,) whose losses share a record."""
    losses = [layout.pack.losses[index] for index in trials]
    return group_of(layout, trials, losses[0].record, [loss.parameters for loss in losses])


def group_of(
    layout: Layout, trials: np.ndarray, record: LossRecord, values: Sequence[Mapping[str, float]]
) -> Group:
    """Group trials (models,) under a loss, given the parameter values of each.

    Parameters are tensors even where all models have the same value: torch rounds a plain number differently, so a
    trial's last bits would depend on its neighbours.
    """
    pack = layout.pack
    parameters = {one.name: per_model(layout, [given[one.name] for given in values]) for one in record.parameters}
    if record.prior:
        shares = np.stack([prior_of(pack, index)["prior"] for index in trials])
        parameters["prior"] = layout.numbers(shares)
    specs = tuple(dict.fromkeys(pack.losses[index].spec for index in trials))
    offsets = np.stack([offset_of(pack, index) for index in trials])[:, None]
    return Group(record, specs, parameters, layout.numbers(offsets) if offsets.any() else None)


def per_model(layout: Layout, values: Sequence[float]) -> torch.Tensor:
    """Return one number per model, (models, 1, 1)."""
    return layout.numbers(np.array(values))[:, None, None]
