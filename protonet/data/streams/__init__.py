"""A data layer's batches by their position, one file a kind."""
