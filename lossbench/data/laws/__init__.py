"""Laws for what tables seldom show alone: uneven errors, heavy tails, counts, a test part that lies elsewhere."""
