"""What `import lossbench` offers."""
