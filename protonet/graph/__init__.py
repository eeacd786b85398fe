"""The net, resolved: which layers take part, which value each reads, all shapes. Torch-free."""
