"""What runs on what: the losses that fit a data set, and the combinations that cannot be trained."""
