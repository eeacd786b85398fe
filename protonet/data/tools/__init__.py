"""Tools that make data, look at them, and prepare images.

listed       what a list or a folder of images names
open, rows   a database, a list, a folder, HDF5 files: images by their number
picture      an image file to what a database holds of it
convert      images -> LMDB, LevelDB or HDF5, as Caffe's `convert_imageset`
stores       what such databases are written by; records: the bytes of a Datum
unfinished   folders that are there whole or not at all
mean         the mean image, as Caffe's `compute_image_mean`
info, sheet  what a source holds, as text and as a picture
split        lists of parts that have the same share of every class each
textures     made images of classes that differ in second-order statistics
features     values of blobs -> arrays in a file, or databases as Caffe's `extract_features`
photo        photographs as a classifier takes them
parallel     work in several threads, results in order
"""
