"""A head whose raw outputs are cosines, for losses that train a vector for each class."""

from __future__ import annotations

import torch

from lossbench.losses.structured.embedded import SHORTEST


class Cosines(torch.nn.Linear):
    """Cosines of the angles between embeddings and the rows of the weights; the bias is ignored.

    Example:
        >>> head = Cosines.of(torch.nn.Linear(2, 1))
        >>> head.weight.data = torch.tensor([[0.0, 3.0]])
        >>> head(torch.tensor([[2.0, 2.0], [0.0, 0.0]])).tolist()
        [[0.7071067690849304], [0.0]]
    """

    @staticmethod
    def of(head: torch.nn.Linear) -> Cosines:
        """Return a cosine head with the parameters of a linear one."""
        made = Cosines(head.in_features, head.out_features, device="meta")
        made.weight, made.bias = head.weight, head.bias
        return made

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Return cosines (rows, classes) of embeddings (rows, numbers)."""
        unit = torch.nn.functional.normalize
        return unit(embeddings, dim=-1, eps=SHORTEST) @ unit(self.weight, dim=-1, eps=SHORTEST).T
