"""Losses of embeddings are those of pytorch-metric-learning, where both follow one paper."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench import get_loss

theirs = pytest.importorskip("pytorch_metric_learning")


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), classes=st.integers(2, 8), rows=st.integers(2, 5))
def test_batch_hard_triplets_and_supervised_contrasts_are_theirs(seed: int, classes: int, rows: int) -> None:
    """The triplet of their miner at squared distances, with the mean of all, and SupConLoss at one temperature."""
    from pytorch_metric_learning import distances, losses, miners, reducers

    torch.manual_seed(seed)
    raw, target = torch.randn(classes * rows, 6, dtype=torch.float64), torch.arange(classes).repeat(rows)
    squared = distances.LpDistance(power=2)
    hardest = miners.BatchHardMiner(distance=squared)
    triplet = losses.TripletMarginLoss(margin=0.2, distance=squared, reducer=reducers.MeanReducer())
    torch.testing.assert_close(
        get_loss("triplet", "embedding")(raw, target), triplet(raw, target, hardest(raw, target))
    )
    supcon = losses.SupConLoss(temperature=0.1)
    torch.testing.assert_close(get_loss("supcon", "embedding")(raw, target), supcon(raw, target))
