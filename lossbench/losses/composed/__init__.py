"""Losses made of others: a constant times one, and weighted sums; how they are written, and what is known of them."""
