"""Losses made of other losses: a constant times one, and weighted sums."""
