"""A custom loss: found, tried, and called as it wants to be."""
