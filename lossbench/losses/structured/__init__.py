"""Losses of tasks whose sample is more than an answer a row: the mask of an image ..."""
