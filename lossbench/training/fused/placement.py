"""Where the numbers of a pack are kept, and in which precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Placement:
    """A device and a precision.

    Args:
        dtype: the precision of everything but indices.
        device: "cpu" or "cuda".
    """

    dtype: torch.dtype = torch.float32
    device: str = "cpu"

    def numbers(self, values: np.ndarray) -> torch.Tensor:
        """Return values (...) as a tensor (...) of this precision."""
        return torch.as_tensor(values).to(self.device, self.dtype)

    def indices(self, values: np.ndarray) -> torch.Tensor:
        """Return whole numbers (...) as a tensor (...) of their own type."""
        return torch.as_tensor(values).to(self.device)
