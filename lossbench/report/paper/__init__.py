"""Output for a paper: tables in LaTeX, figures, and a methods paragraph with its sources."""
