"""Graph -> torch."""
