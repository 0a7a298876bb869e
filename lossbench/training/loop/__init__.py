"""Plain PyTorch, one network at a time: what the other engines are measured by, and never fast."""

from lossbench.training.loop.engine import train

__all__ = ["train"]
