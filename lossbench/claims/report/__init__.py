"""Reports on claims: plain words, terminal tables and pictures, and the page `claims.html`."""
