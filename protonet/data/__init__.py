"""Data: sources, transformation, and the feed that drives the data layers of a net.

digits/      a small data set that ships with the package
sources/     one file a kind: where records come from; without torch
transform    Caffe's DataTransformer
streams      a data layer's batches by their position
given        data sets of a program in place of sources; samples, as arrays
pipe         a stream's batches in order, made ahead in threads
feed         all data layers of one net: next, pull, state, restore
tools/       what makes data and looks at them: databases, means, splits, textures, features
"""
