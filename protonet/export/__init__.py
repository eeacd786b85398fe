"""Ways out: deploy nets, Caffe's own files, weights of other formats, PyTorch source, ONNX."""
