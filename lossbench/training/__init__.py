"""Training: a pack of trials, the networks, and three engines with one contract."""
