"""Networks that are modules of torch: many in one program by `torch.func`, the backward pass by autograd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from lossbench.errors import ModelFailed
from lossbench.losses.custom.contain import failing, running
from lossbench.losses.custom.source import in_one_line
from lossbench.training.fused.layout import Layout, padded
from lossbench.training.fused.network import Network
from lossbench.training.module.many import SCORED, Run, Tensors, places_of, room, views, way_of
from lossbench.training.module.model import ModuleModel


class Modules(Network):
    """Networks that are modules.

    They are computed in programs of `way.width` models, a number that depends on the network and the batch, not on
    the pack: the rest of the last program is filled with dummy models. So shapes do not depend on the pack, and
    each model has the same bits in any place of a program.

    Args:
        layout: maps models to trials.
        model: the network.
    """

    few = SCORED

    def __init__(self, layout: Layout, model: ModuleModel) -> None:
        pack = layout.pack
        inputs = pack.dataset.features.shape[1]
        self.model, self.form = model, model.form(inputs, pack.outputs)
        self.way = way_of(model, inputs, pack.outputs, padded(pack.batch_size), layout.dtype)
        count = len(self.form.parameters)
        first = {trial.seed: values for trial, values in zip(pack.trials, pack.weights, strict=True)}
        rows = {seed: np.concatenate([one.ravel() for one in values[:count]]) for seed, values in first.items()}
        models = padded(len(layout.slots), self.way.width)
        super().__init__(layout, rows, places_of(self.form), room(self.form), models)
        seeds = [pack.trials[index].seed for index in layout.slots]
        self.constants = {
            name: constant(
                layout, [first[seed][count + number] for seed in (*seeds, *[seeds[0]] * (models - len(seeds)))]
            )
            for number, name in enumerate(self.form.constants)
        }
        self.blocks = layout.indices(np.minimum(np.arange(models), len(seeds) - 1) // layout.size)
        self.parameters = views(self.whole, self.form)
        self.gradients = views(self.whole_gradient, self.form)

    def weights_only(self) -> torch.Tensor:
        """Return a row that is one at each weight and zero at each bias (a parameter with at most one axis)."""
        mask = torch.zeros_like(self.whole[:1])
        for value in views(mask, self.form).values():
            if value.dim() > 2:
                value.fill_(1)
        return mask[0]

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the raw outputs (models, outputs, columns) of features (blocks, columns, inputs + 1)."""
        with torch.inference_mode(False), torch.enable_grad():
            self.leaves = [
                {name: value.detach().requires_grad_() for name, value in each.items()}
                for each in self.programs(self.parameters)
            ]
            self.raw = list(self.computed(self.way.run, self.leaves, features))
        return self.in_columns(self.raw)

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """Return embeddings (models, numbers, columns) of features: the raw outputs, or the input of a head."""
        run = self.way.trunk if self.model.embeds else self.way.run
        with torch.inference_mode(False), torch.no_grad():
            return self.in_columns(list(self.computed(run, list(self.programs(self.parameters)), features)))

    def backward(self, delta: torch.Tensor) -> None:
        """Fill the gradient, given that of the cost with respect to the raw outputs (models, outputs, columns)."""
        with torch.inference_mode(False):
            slopes = delta.new_zeros(len(self.whole), *delta.shape[1:])
            slopes[: len(delta)] = delta
            turned = slopes.transpose(1, 2).contiguous().split(self.way.width)
            for raw, leaves, slope, into in zip(
                self.raw, self.leaves, turned, self.programs(self.gradients), strict=True
            ):
                found = torch.autograd.grad(
                    raw, list(leaves.values()), slope, allow_unused=True, materialize_grads=True
                )
                for name, gradient in zip(leaves, found, strict=True):
                    into[name].copy_(gradient)

    def computed(self, run: Run, parameters: Sequence[Tensors], features: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield each program's outputs (models, columns, numbers) of features (blocks, columns, inputs + 1)."""
        if self.model.code:
            running((self.model.spec,))  # warnings from here on are the user's network's
        constants, blocks = self.programs(self.constants), self.blocks.split(self.way.width)
        with failing(self.fault):
            for own, fixed, block in zip(parameters, constants, blocks, strict=True):
                yield run(own, fixed, features[:, :, :-1].index_select(0, block))

    def programs(self, values: Tensors) -> Iterator[Tensors]:
        """Yield the values (models, ...) of each program."""
        for start in range(0, len(self.whole), self.way.width):
            yield {name: value[start : start + self.way.width] for name, value in values.items()}

    def in_columns(self, rows: list[torch.Tensor]) -> torch.Tensor:
        """Return outputs (models, columns, numbers) of all programs as (models, numbers, columns)."""
        whole = torch.cat([one.detach() for one in rows])[: len(self.theta)]
        return whole.transpose(1, 2).contiguous()

    def fault(self, error: BaseException) -> ModelFailed:
        """Return the error for an exception of the user's code in training."""
        return ModelFailed(f"model '{self.model.spec}' raised {in_one_line(error)} in training")


def constant(layout: Layout, values: list[np.ndarray]) -> torch.Tensor:
    """Return constants of the models, (models, ...), in the pack's precision unless they are integers."""
    stacked = np.stack(values)
    return layout.numbers(stacked) if np.issubdtype(stacked.dtype, np.floating) else layout.indices(stacked)
