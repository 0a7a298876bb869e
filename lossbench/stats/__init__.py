"""Statistics: paired intervals, tests and verdicts over seeds, and times that were not always reached."""
