"""Data: sources, transformation, and the feed that drives the data layers of a net.

digits/      a small data set that ships with the package
sources/     one file a kind: where records come from; without torch
transform    Caffe's DataTransformer
streams      a data layer's batches by their position
feed         all data layers of one net: next, pull, state, restore
"""
