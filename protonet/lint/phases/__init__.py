"""Rules that look at the TRAIN and the TEST state of a net together."""
