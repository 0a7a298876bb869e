"""Turn evidence into a finding: the counts, the axis they depend on, stability on other seeds, and the forms."""
