"""A loss of the user's own: found, tried, and called as it wants to be."""
