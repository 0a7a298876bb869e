"""Training: a pack of trials, the networks, and two engines with one contract."""
