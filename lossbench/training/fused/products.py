"""Products of many small matrices at once."""

from __future__ import annotations

import numpy as np
import torch


def product(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """Write left · right into `out`, matrix by matrix, and return it.

    Args:
        left: (..., rows, inner).
        right: (..., inner, columns); leading axes of length one are broadcast.
        out: (..., rows, columns).
    """
    if out.device.type != "cpu":
        return out.copy_(left @ right)
    # numpy calls its BLAS once for each matrix, so no result depends on how many there are or on what the others
    # hold. On matrices this small it is also faster than torch, with AVX-512 by a factor of two and more.
    np.matmul(left.numpy(), right.numpy(), out=out.numpy())
    return out


def transposed_product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return leftᵀ · right, matrix by matrix; an outer product if there is a single row.

    Args:
        left: (..., inner, rows).
        right: (..., inner, columns).

    Returns:
        (..., rows, columns).
    """
    turned = left.transpose(-1, -2)
    if left.shape[-2] == 1:
        return turned * right
    return product(turned, right, right.new_empty(*turned.shape[:-1], right.shape[-1]))
