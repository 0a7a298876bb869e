"""Data sets of tasks whose sample is more than an answer a row: images with masks ..."""
