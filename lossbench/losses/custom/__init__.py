"""A custom loss: located, tried, and called by its own convention."""
