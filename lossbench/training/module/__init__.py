"""Networks that are modules of torch: a user's own, and built-in ones that are not sequential layers."""
