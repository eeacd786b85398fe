"""Rules that look at a file of a net."""
