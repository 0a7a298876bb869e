"""A metric of the user's own: located, tried, and called."""
