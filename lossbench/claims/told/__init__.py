"""What is said of claims in plain words, and how one is shown on a terminal."""
