"""Losses of structured tasks: segmentation, embedding, distribution."""
