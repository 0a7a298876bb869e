"""A step as a CUDA graph: all kernels in one launch, since launches take longer than kernels this small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from lossbench.training.fused.batches import Batch

Step = Callable[[Batch], None]


class Replay:
    """A step that is captured once for each number of rows in a batch, and played back from then on.

    A graph works on the memory that it saw when it was captured. So parameters, gradients and what optimisers
    remember must be updated in place, the row numbers are copied to where the graph looks for them, and nothing
    may wait for a value.

    Source: torch.cuda.CUDAGraph.

    Args:
        step: takes a batch; what it does depends on the rows of the batch and their count, and on no epoch.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.graphs: dict[int, tuple[torch.Tensor, torch.cuda.CUDAGraph]] = {}

    def __call__(self, batch: Batch) -> None:
        """Take a step."""
        if batch.epoch == 0:
            self.step(batch)  # at their first calls libraries take memory, which a capture does not allow
            return
        if batch.count not in self.graphs:
            self.graphs[batch.count] = self.capture(batch)
        rows, graph = self.graphs[batch.count]
        rows.copy_(batch.rows)
        graph.replay()

    def capture(self, batch: Batch) -> tuple[torch.Tensor, torch.cuda.CUDAGraph]:
        """Return the graph of a step, which is not taken by that, and the row numbers that it will read."""
        rows, graph = batch.rows.clone(), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step(replace(batch, rows=rows))
        return rows, graph
