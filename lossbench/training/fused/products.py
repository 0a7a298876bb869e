"""Products of many small matrices at once."""

from __future__ import annotations

import numpy as np
import torch


def product(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """Write left · right into `out`, matrix by matrix, and return it.

    Args:
        left: (..., rows, inner).
        right: (..., inner, columns), where an axis of one serves all along that axis of `left`.
        out: (..., rows, columns).
    """
    if out.device.type != "cpu":
        return out.copy_(left @ right)
    # numpy calls its BLAS once for each matrix: no result can depend on how many there are, or on what the others
    # hold. On matrices this small it is also the faster one, where it knows AVX-512 by a factor of two and more.
    np.matmul(left.numpy(), right.numpy(), out=out.numpy())
    return out


def transposed_product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return leftᵀ · right, matrix by matrix; an outer product where there is a single row."""
    turned = left.transpose(-1, -2)
    if left.shape[-2] == 1:
        return turned * right
    return product(turned, right, right.new_empty(*turned.shape[:-1], right.shape[-1]))
