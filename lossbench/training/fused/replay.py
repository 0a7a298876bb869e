"""A step as a CUDA graph: all its kernels in one launch, since launching takes longer than kernels this small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from lossbench.training.fused.batches import Batch

Step = Callable[[Batch], None]


class Replay:
    """A step that is captured once for each number of rows in a batch, and then replayed.

    A graph works on the memory that it was captured with. So parameters, gradients and optimiser state must be
    updated in place, the row numbers are copied to where the graph reads them, and nothing may synchronise with
    the host.

    Source: torch.cuda.CUDAGraph.

    Args:
        step: takes a batch; it depends on the batch's rows and their count, but not on the epoch.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.graphs: dict[int, tuple[torch.Tensor, torch.cuda.CUDAGraph]] = {}

    def __call__(self, batch: Batch) -> None:
        """Take a step."""
        if batch.epoch == 0:
            self.step(batch)  # libraries allocate memory in their first call, which is not allowed in a capture
            return
        if batch.count not in self.graphs:
            self.graphs[batch.count] = self.capture(batch)
        rows, graph = self.graphs[batch.count]
        rows.copy_(batch.rows)
        graph.replay()

    def capture(self, batch: Batch) -> tuple[torch.Tensor, torch.cuda.CUDAGraph]:
        """Capture a step without taking it; return its row numbers (blocks, columns), and its graph."""
        rows, graph = batch.rows.clone(), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step(replace(batch, rows=rows))
        return rows, graph
