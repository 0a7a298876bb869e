"""The kinds of files that a user's table is read from."""
