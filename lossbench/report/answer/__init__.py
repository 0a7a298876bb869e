"""The answer in words: a sentence for a run and a few for each table, and never more than the verdicts say."""
