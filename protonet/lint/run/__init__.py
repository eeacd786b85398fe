"""Rules that look at a solver with its nets."""
