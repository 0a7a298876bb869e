"""What a run leaves: read, written, and made again."""
