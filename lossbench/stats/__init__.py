"""Statistics: paired intervals, tests and verdicts over seeds and over data sets, and censored times."""
