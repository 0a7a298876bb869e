"""From evidence to a finding: counts, the axis on which they depend, what other seeds would say, and the forms."""
