"""From an experiment to one tidy table: what is stored is taken over, the rest is trained and scored."""
