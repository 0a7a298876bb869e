"""Turn an experiment into one tidy table: stored trials are reused, the others are trained and scored."""
