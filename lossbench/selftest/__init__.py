"""lossbench measures itself: its rate of false verdicts and its speed."""
