"""A compiled step: one model at a time, in the first-level cache; README.md explains the memory layout."""

from lossbench.training.native.engine import train
from lossbench.training.native.library import fault

__all__ = ["fault", "train"]
