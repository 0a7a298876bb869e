"""Networks that are modules of torch: a user's own, and built-in ones that are more than layers in a row."""
