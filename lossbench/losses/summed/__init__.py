"""Weighted sums of losses, `sum:bce+0.5*dice`: how they are written, and what is known of them."""
