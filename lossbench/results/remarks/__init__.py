"""Remarks on a run: how its losses rank, what was left out, and warnings."""
