"""Rules that look at a net in one state."""
