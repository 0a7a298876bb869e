"""The process that a command runs in: its streams, its progress, and errors of the operating system."""
