"""Statistics: paired intervals, tests and verdicts over seeds and over data sets, and times not always reached."""
