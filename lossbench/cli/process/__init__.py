"""What a command has to do with the process that it runs in: streams, progress, what the system refuses."""
