"""Text to tree and back, without meaning."""
