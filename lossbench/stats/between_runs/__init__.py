"""Changes between two runs, or over many of them."""
