"""Charts in SVG: they fetch nothing, need no script, and describe their numbers for screen readers."""
