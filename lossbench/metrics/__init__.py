"""Measures: scores of predictions, convergence, robustness, and the anchors that give them a scale."""
