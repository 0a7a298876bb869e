"""HTML pages: one file each, which fetches nothing, prints well, and can be read without its script."""
