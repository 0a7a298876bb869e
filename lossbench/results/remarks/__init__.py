"""What there is to remark on a run: how its losses rank, what was left out, what to mind."""
