"""Tests of lossbench itself: its rate of false verdicts and its speed."""
