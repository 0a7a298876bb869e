"""Metrics: scores of predictions, convergence, robustness, and the baselines that give them a scale."""
