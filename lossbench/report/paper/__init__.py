"""For a paper: tables in LaTeX, figures, and the paragraph on methods with its sources."""
