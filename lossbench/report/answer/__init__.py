"""The answer in words: a sentence for a run and a few for each table. It never goes beyond the verdicts."""
