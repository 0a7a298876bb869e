"""What one trial minimises, and what its networks are scored by."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from lossbench.losses.loss import Loss
from lossbench.training.embedded import Reader
from lossbench.training.loop.networks import penalty, raw_outputs, trunk_of
from lossbench.training.pack import Pack
from lossbench.training.targets import encoded, offset_of, prior_of
from lossbench.training.trace import Validator
from lossbench.training.trial import blamed


class Cost:
    """The loss of one trial on its training rows."""

    def __init__(self, pack: Pack, index: int, dtype: torch.dtype) -> None:
        self.pack, self.index, self.trial, self.loss = pack, index, pack.trials[index], pack.losses[index]
        self.features = torch.tensor(pack.training[index].features, dtype=dtype)
        target = torch.tensor(encoded(pack, index))
        self.target = target.to(dtype) if target.is_floating_point() else target
        self.offset = torch.tensor(offset_of(pack, index), dtype=dtype)
        weights = pack.training[index].weights
        self.weights = None if weights is None else torch.tensor(weights, dtype=dtype)
        self.prior = {name: torch.tensor(share, dtype=dtype) for name, share in prior_of(pack, index).items()}

    def mean(self, raw: torch.Tensor, rows: torch.Tensor, loss: Loss | None = None) -> torch.Tensor:
        """Return the mean loss of some rows, (), given raw outputs (rows, outputs): the trial's, or another."""
        in_images = self.pack.dataset.in_images
        loss = loss or self.loss
        prior = self.prior if loss.record.prior else {}
        each = loss.per_sample(in_images(raw + self.offset), in_images(self.target[rows]), **prior)
        return each.mean() if self.weights is None else (each * self.weights[rows]).mean()

    def slopes(self, raw: torch.Tensor, rows: torch.Tensor) -> np.ndarray:
        """Return the norm of the gradient of each part of a sum with respect to raw outputs, (parts,)."""
        found = np.full(self.pack.parts, np.nan)
        for place, part in enumerate(self.loss.record.parts):
            leaf = raw.detach().requires_grad_()
            alone = Loss(part.record, self.loss.spec, part.own(self.loss.parameters))
            cost = part.factor(self.loss.parameters) * self.mean(leaf, rows, alone)
            found[place] = torch.autograd.grad(cost, leaf)[0].norm().item()
        return found

    def penalised(self, network: torch.nn.Module, rows: torch.Tensor) -> torch.Tensor:
        """Return the cost that is minimised, loss and penalties, on some rows, ()."""
        mean = self.mean(network(self.features[rows]), rows)
        return mean + penalty(network, self.trial.l1, self.trial.l2)

    def shown(self, network: torch.nn.Module, part: str) -> np.ndarray:
        """Return the scored outputs on a part, (rows, numbers): raw outputs, or readings of embeddings."""
        body = trunk_of(network, self.pack.model) if self.pack.model.embeds else network

        def ends(part: str) -> list[np.ndarray]:
            features = self.pack.seen(self.index, part).features
            return [raw_outputs(body, torch.tensor(features, dtype=self.features.dtype))]

        return Reader(self.pack)([self.index], part, ends)[0] if self.pack.embeds else ends(part)[0]

    def batches(self, epoch: int) -> list[torch.Tensor]:
        """Return the row numbers of each batch of an epoch."""
        return list(torch.tensor(self.pack.orders[self.trial.seed][epoch]).split(self.pack.batch_size))

    def named(self, epoch: int) -> AbstractContextManager[None]:
        """Attribute a failure to the loss, if it is the user's."""
        loss, dataset = self.trial.loss, self.trial.dataset
        return blamed((loss,), dataset, epoch) if self.loss.record.code else nullcontext()

    def fit(self, network: torch.nn.Module) -> tuple[float, float]:
        """Return mean loss and score on the training rows, in batches of the first epoch; NaN if not finite."""
        raw = raw_outputs(network, self.features)
        if not np.isfinite(raw).all():
            return np.nan, np.nan
        total, outputs = 0.0, torch.tensor(raw).requires_grad_()
        for rows in self.batches(0):
            with self.named(self.trial.epochs - 1):
                total += self.mean(outputs[rows], rows).item() * len(rows) / len(raw)
        shown = self.shown(network, "train") if self.pack.embeds else raw
        (score,) = Validator(self.pack, [self.index], "train")(shown[None])
        return total if np.isfinite(total) else np.nan, score
