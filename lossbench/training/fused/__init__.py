"""All trials of a pack train in one tensor program; README.md states the shapes and the invariants."""

from lossbench.training.fused.engine import train

__all__ = ["train"]
