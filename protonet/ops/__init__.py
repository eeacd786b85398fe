"""torch modules with Caffe's arithmetic; they know no prototxt.

A module takes the bottoms and then the weights of a layer, and owns no parameter. Its file is
imported when a layer is built (``layers/_torch.py``).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protonet.ops import (
        accuracy,
        activation,
        affine,
        bilinear,
        boxes,
        convolution,
        detection,
        detection_files,
        distance_loss,
        elementwise,
        fused_norm,
        hdf5_output,
        linear,
        loss,
        lrn,
        matching,
        multibox,
        normalization,
        pointwise,
        pooling,
        prior_box,
        python_call,
        python_layer,
        recurrent,
        resampling,
        reshaping,
        roi,
    )

    __all__ = [
        "accuracy",
        "activation",
        "affine",
        "bilinear",
        "boxes",
        "convolution",
        "detection",
        "detection_files",
        "distance_loss",
        "elementwise",
        "fused_norm",
        "hdf5_output",
        "linear",
        "loss",
        "lrn",
        "matching",
        "multibox",
        "normalization",
        "pointwise",
        "pooling",
        "prior_box",
        "python_call",
        "python_layer",
        "recurrent",
        "resampling",
        "reshaping",
        "roi",
    ]
