"""A metric of the user's own: found, tried, and called."""
