"""Products of many small matrices equal torch's, and no matrix affects another."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.training.fused.kernels import product, transposed_product

sides = st.integers(1, 40)
drawn = st.integers(0, 1000).map(lambda seed: torch.Generator().manual_seed(seed))
law = settings(max_examples=25, deadline=None)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@law
@given(sides, sides, sides, drawn, st.booleans(), st.booleans())
def test_products_are_torchs(
    dtype: torch.dtype, rows: int, inner: int, columns: int, random: torch.Generator, left: bool, right: bool
) -> None:
    """Whatever the memory layout of the factors, the product is torch's."""
    a = turned(torch.randn(3, rows, inner, dtype=dtype, generator=random), left)
    b = turned(torch.randn(3, inner, columns, dtype=dtype, generator=random), right)
    torch.testing.assert_close(product(a, b, torch.empty(3, rows, columns, dtype=dtype)), a @ b)
    torch.testing.assert_close(transposed_product(a.transpose(1, 2), b), a @ b)


@law
@given(sides, sides, sides, drawn)
def test_no_matrix_knows_of_the_others(rows: int, inner: int, columns: int, random: torch.Generator) -> None:
    """A product has the same bits alone, beside others that are NaN, and with a broadcast factor."""
    a, b = torch.randn(4, rows, inner, generator=random), torch.randn(inner, columns, generator=random)
    together = product(a, b.expand(4, -1, -1), torch.empty(4, rows, columns))
    shared = product(a.unflatten(0, (2, 2)), b.expand(2, 1, -1, -1), torch.empty(2, 2, rows, columns))
    assert torch.equal(shared.flatten(0, 1), together)
    alone = product(a[2:3], b[None], torch.empty(1, rows, columns))
    a[:2] = torch.nan
    beside = product(a, b.expand(4, -1, -1), torch.empty(4, rows, columns))
    assert torch.equal(alone[0], together[2])
    assert torch.equal(beside[2:], together[2:])


def turned(matrices: torch.Tensor, other_way_round: bool) -> torch.Tensor:
    """Return the same matrices, perhaps with their columns side by side in memory."""
    return matrices.transpose(1, 2).contiguous().transpose(1, 2) if other_way_round else matrices
