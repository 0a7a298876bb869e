"""Losses made of others: a constant times one, and weighted sums."""
