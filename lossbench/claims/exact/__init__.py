"""What is decided without training."""

from lossbench.claims.exact import derivatives, evaluation_cost, forensics, growth, properties, worked_examples

__all__ = ["derivatives", "evaluation_cost", "forensics", "growth", "properties", "worked_examples"]
