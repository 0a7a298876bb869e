"""Data sets of structured tasks: images with masks, images to embed, laws to imitate."""
