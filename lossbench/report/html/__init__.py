"""Pages in HTML: one file each, which fetches nothing, prints, and can be read without its script."""
