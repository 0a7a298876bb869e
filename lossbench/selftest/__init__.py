"""lossbench measured by itself: its false verdicts, and its speed."""
