"""What runs on what: the losses that fit a data set, and what could not be trained as it is asked for."""
