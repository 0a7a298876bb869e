"""Charts in SVG: nothing is fetched, nothing has to run, and each says its numbers to who cannot see it."""
