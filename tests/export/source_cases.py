"""A layer of each form, with shapes to run it on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from protonet import Net
from protonet.shape import Shape
from tests.export.nets import draw_weights


@dataclass(frozen=True, slots=True)
class LayerNet:
    """A net of one layer.

    Attributes:
        type: Its type.
        params: The text of its messages.
        bottoms: Shapes of its bottoms; ``b0``, ``b1`` ...
        tops: How many it has; ``t0``, ``t1`` ...
        labels: Bottoms that hold whole numbers, and what they are below of.
    """

    type: str
    params: str
    bottoms: tuple[Shape, ...]
    tops: int = 1
    labels: tuple[tuple[int, int], ...] = ()

    @property
    def text(self) -> str:
        """The net as prototxt."""
        inputs = "".join(
            f'layer {{ name: "b{at}" type: "Input" top: "b{at}" input_param {{ shape {{ '
            f"{' '.join(f'dim: {extent}' for extent in shape)} }} }} }}\n"
            for at, shape in enumerate(self.bottoms)
        )
        bottoms = " ".join(f'bottom: "b{at}"' for at in range(len(self.bottoms)))
        tops = " ".join(f'top: "t{at}"' for at in range(self.tops))
        layer = f'layer {{ name: "it" type: "{self.type}" {bottoms} {tops} {self.params} }}'
        return f'name: "one" {inputs}{layer}\n'

    def net(self) -> Net:
        """Return it with drawn weights."""
        net = Net(self.text, phase="TEST")
        draw_weights(net)
        return net

    def batch(self) -> dict[str, Tensor]:
        """Draw its bottoms."""
        draw = torch.Generator().manual_seed(1701)
        labels = dict(self.labels)
        return {
            f"b{at}": torch.randint(labels[at], shape, generator=draw).float()
            if at in labels
            else torch.randn(shape, generator=draw)
            for at, shape in enumerate(self.bottoms)
        }


def _conv(text: str) -> str:
    return f"convolution_param {{ {text} }}"


def _pool(text: str) -> str:
    return f"pooling_param {{ {text} }}"


IMAGE = ((2, 4, 7, 6),)
ROWS = ((3, 5),)
PAIR = ((2, 4, 3, 3), (2, 4, 3, 3))
PRIORS = ((2, 24), (2, 18), (1, 2, 24))

LAYERS = (
    LayerNet("Convolution", _conv("num_output: 6 kernel_size: 3 stride: 2 pad: 1 group: 2"), IMAGE),
    LayerNet(
        "Convolution",
        _conv("num_output: 3 kernel_h: 3 kernel_w: 2 dilation: 2 bias_term: false"),
        IMAGE,
    ),
    LayerNet("Convolution", _conv("num_output: 3 kernel_size: 2"), ((2, 4, 5),)),
    LayerNet("Convolution", _conv("num_output: 3 kernel_size: 2"), ((1, 2, 3, 4, 5),)),
    LayerNet("Convolution", _conv("num_output: 3 kernel_size: 2 axis: 2"), ((2, 3, 4, 5, 4),)),
    LayerNet("Convolution", _conv("num_output: 3 kernel_size: 2"), PAIR, tops=2),
    LayerNet("Convolution", _conv("num_output: 2 kernel_size: 3 stride: 2"), ((1, 2, 2, 4),)),
    LayerNet(
        "Deconvolution", _conv("num_output: 4 kernel_size: 4 stride: 2 pad: 1 group: 4"), IMAGE
    ),
    LayerNet("DepthwiseConvolution", _conv("kernel_size: 3"), IMAGE),
    LayerNet("ConvolutionDepthwise", _conv("kernel_size: 3 pad: 1"), IMAGE),
    LayerNet("Im2col", _conv("kernel_size: 3 stride: 2 pad: 1"), IMAGE),
    LayerNet("InnerProduct", "inner_product_param { num_output: 3 }", IMAGE),
    LayerNet(
        "InnerProduct",
        "inner_product_param { num_output: 3 transpose: true bias_term: false }",
        ROWS,
    ),
    LayerNet("InnerProduct", "inner_product_param { num_output: 3 axis: 2 }", ((2, 3, 4),)),
    LayerNet("Embed", "embed_param { num_output: 3 input_dim: 5 }", ((2, 4),), labels=((0, 5),)),
    LayerNet(
        "Embed",
        "embed_param { num_output: 3 input_dim: 5 bias_term: false }",
        ((2,),),
        labels=((0, 5),),
    ),
    LayerNet("Parameter", "parameter_param { shape { dim: 2 dim: 3 } }", ()),
    LayerNet("Pooling", _pool("kernel_size: 3 stride: 2"), IMAGE),
    LayerNet("Pooling", _pool("kernel_size: 3 stride: 2 pad: 1 round_mode: FLOOR"), IMAGE),
    LayerNet("Pooling", _pool("pool: AVE kernel_size: 3 stride: 2 pad: 1"), IMAGE),
    LayerNet("Pooling", _pool("pool: AVE kernel_h: 2 kernel_w: 3 stride: 2"), IMAGE),
    LayerNet("Pooling", _pool("kernel_size: 3 pad: 2 stride: 2"), IMAGE),
    LayerNet("Pooling", _pool("kernel_size: 3 pad: 2 stride: 3 round_mode: FLOOR"), IMAGE),
    LayerNet("Pooling", _pool("pool: AVE kernel_size: 3 pad: 2 stride: 2"), IMAGE),
    LayerNet("Pooling", _pool("pool: STOCHASTIC kernel_size: 3 stride: 2"), IMAGE),
    LayerNet("Pooling", _pool("pool: STOCHASTIC global_pooling: true"), IMAGE),
    LayerNet("Pooling", _pool("global_pooling: true"), IMAGE),
    LayerNet("Pooling", _pool("pool: AVE global_pooling: true"), IMAGE),
    LayerNet("Pooling", _pool("kernel_size: 3 stride: 2 pad: 1"), IMAGE, tops=2),
    LayerNet("Pooling", _pool("global_pooling: true"), IMAGE, tops=2),
    LayerNet("SPP", "spp_param { pyramid_height: 3 }", ((2, 3, 9, 7),)),
    LayerNet("SPP", "spp_param { pyramid_height: 2 pool: AVE }", ((2, 3, 9, 7),)),
    LayerNet("SPP", "spp_param { pyramid_height: 1 }", IMAGE),
    LayerNet("ReLU", "", IMAGE),
    LayerNet("ReLU", "relu_param { negative_slope: 0.1 }", IMAGE),
    LayerNet("ReLU6", "", IMAGE),
    LayerNet("ReLU6", "relu6_param { negative_slope: 0.1 }", IMAGE),
    LayerNet("RReLU", "", IMAGE),
    LayerNet("Maxout", "maxout_param { chgroup_sz: 2 }", IMAGE),
    LayerNet("PReLU", "", IMAGE),
    LayerNet("PReLU", "prelu_param { channel_shared: true }", ROWS),
    LayerNet("ELU", "", IMAGE),
    LayerNet("ELU", "elu_param { alpha: 0.3 }", IMAGE),
    LayerNet("Sigmoid", "", IMAGE),
    LayerNet("TanH", "", IMAGE),
    LayerNet("Swish", "", IMAGE),
    LayerNet("Swish", "swish_param { beta: 0.3 }", IMAGE),
    LayerNet("BNLL", "", IMAGE),
    LayerNet("Dropout", "dropout_param { dropout_ratio: 0.3 }", IMAGE),
    LayerNet("AbsVal", "", IMAGE),
    LayerNet("Power", "power_param { power: 2 scale: 0.5 shift: -1 }", IMAGE),
    LayerNet("Power", "power_param { scale: 0.1 }", IMAGE),
    LayerNet("Power", "power_param { shift: 3 power: 2 scale: 0 }", IMAGE),
    LayerNet("Power", "power_param { power: 0 }", IMAGE),
    LayerNet("Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }", IMAGE),
    LayerNet("Exp", "", IMAGE),
    LayerNet("Log", "log_param { base: 10 shift: 9 }", IMAGE),
    LayerNet("Log", "log_param { shift: 9 }", IMAGE),
    LayerNet("Clip", "clip_param { min: -0.5 max: 0.5 }", IMAGE),
    LayerNet("Threshold", "threshold_param { threshold: 0.2 }", IMAGE),
    LayerNet("Eltwise", "", PAIR),
    LayerNet("Eltwise", "eltwise_param { coeff: -1 coeff: -0.5 coeff: 2 }", (*PAIR, PAIR[0])),
    LayerNet("Eltwise", "eltwise_param { operation: PROD }", (*PAIR, PAIR[0])),
    LayerNet("Eltwise", "eltwise_param { operation: MAX }", (*PAIR, PAIR[0])),
    LayerNet("Axpy", "", ((2, 4), *PAIR)),
    LayerNet("Axpy", "", ((2, 4, 1, 1), *PAIR)),
    LayerNet("Axpy", "", ((2, 4, 1, 1), (2, 4), (2, 4))),
    LayerNet("Reduction", "", IMAGE),
    LayerNet("Reduction", "reduction_param { operation: MEAN axis: 1 coeff: 2 }", IMAGE),
    LayerNet("Reduction", "reduction_param { operation: ASUM axis: -1 }", IMAGE),
    LayerNet("Reduction", "reduction_param { operation: SUMSQ axis: 2 }", IMAGE),
    LayerNet("Scale", "scale_param { bias_term: true }", IMAGE),
    LayerNet("Scale", "scale_param { axis: 0 num_axes: 0 }", IMAGE),
    LayerNet("Scale", "scale_param { axis: 1 num_axes: -1 }", IMAGE),
    LayerNet("Scale", "scale_param { axis: 0 }", (IMAGE[0], (2, 4))),
    LayerNet("Scale", "scale_param { axis: 0 bias_term: true }", (IMAGE[0], (2, 4))),
    LayerNet("Scale", "scale_param { axis: 0 }", (IMAGE[0], ())),
    LayerNet("Bias", "", IMAGE),
    LayerNet("Bias", "bias_param { axis: 0 }", (IMAGE[0], (2, 4))),
    LayerNet("BatchNorm", "", IMAGE),
    LayerNet(
        "BatchNorm", "batch_norm_param { eps: 0.001 moving_average_fraction: 0.95 }", ((3, 4),)
    ),
    LayerNet("BatchNorm", "batch_norm_param { use_global_stats: false }", IMAGE),
    LayerNet("BatchNorm", "batch_norm_param { use_global_stats: true }", ((2, 3, 2, 2, 2),)),
    LayerNet("BN", "", IMAGE),
    LayerNet("BN", "bn_param { frozen: true }", IMAGE),
    LayerNet("BN", "bn_param { bn_mode: LEARN }", ((6, 3),)),
    LayerNet("BN", "bn_param { bn_mode: INFERENCE }", IMAGE),
    LayerNet("BN", "bn_param { var_eps: 0.001 }", IMAGE),
    LayerNet("BN", "bn_param { moving_average: false }", IMAGE),
    LayerNet("MVN", "", IMAGE),
    LayerNet("MVN", "mvn_param { across_channels: true normalize_variance: false }", ((2, 3, 4),)),
    LayerNet("Normalize", "", IMAGE),
    LayerNet("Normalize", "norm_param { across_spatial: false channel_shared: false }", IMAGE),
    LayerNet("Normalize", "normalize_param { }", IMAGE),
    LayerNet("Normalize", 'normalize_param { normalize_type: "L1" }', ROWS, tops=2),
    LayerNet("L2Normalize", "", IMAGE),
    LayerNet("LRN", "lrn_param { alpha: 0.1 }", ((2, 9, 4, 4),)),
    LayerNet("LRN", "lrn_param { local_size: 3 alpha: 0.1 k: 2 beta: 0.5 }", IMAGE),
    LayerNet("LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 0.5 }", IMAGE),
    LayerNet("Concat", "", PAIR),
    LayerNet("Slice", "slice_param { slice_point: 1 slice_point: 3 }", IMAGE, tops=3),
    LayerNet("Slice", "", IMAGE, tops=2),
    LayerNet("Slice", "", IMAGE),
    LayerNet("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }", IMAGE),
    LayerNet("Split", "", IMAGE, tops=2),
    LayerNet("Split", "", IMAGE),
    LayerNet("Flatten", "", IMAGE),
    LayerNet("Flatten", "flatten_param { axis: 1 end_axis: 2 }", IMAGE),
    LayerNet("Flatten", "flatten_param { axis: 2 end_axis: 1 }", IMAGE),
    LayerNet("Reshape", "reshape_param { shape { dim: 0 dim: 2 dim: -1 } }", IMAGE),
    LayerNet("Reshape", "reshape_param { axis: 1 num_axes: 2 shape { dim: 28 } }", IMAGE),
    LayerNet("Reshape", "reshape_param { shape { } }", ((1, 1),)),
    LayerNet("Crop", "crop_param { offset: 1 offset: 2 }", (IMAGE[0], (2, 9, 3, 3))),
    LayerNet("Tile", "tile_param { tiles: 3 }", IMAGE),
    LayerNet("BatchReindex", "", (IMAGE[0], (3,)), labels=((1, 2),)),
    LayerNet("Filter", "", ((6, 2), (6, 3), (6,)), tops=2, labels=((2, 2),)),
    LayerNet("Filter", "", ((6, 2), (6,)), labels=((1, 2),)),
    LayerNet("Softmax", "", IMAGE),
    LayerNet("ArgMax", "", IMAGE),
    LayerNet("ArgMax", "argmax_param { top_k: 3 out_max_val: true }", ROWS),
    LayerNet("ArgMax", "argmax_param { axis: 1 }", IMAGE, labels=((0, 3),)),
    LayerNet("ArgMax", "argmax_param { axis: -1 top_k: 2 out_max_val: true }", IMAGE),
    LayerNet("Interp", "interp_param { height: 9 width: 4 }", IMAGE),
    LayerNet("Interp", "interp_param { height: 9 width: 4 pad_beg: -1 pad_end: -2 }", IMAGE),
    LayerNet("Interp", "interp_param { zoom_factor: 2 }", IMAGE),
    LayerNet("Interp", "interp_param { shrink_factor: 2 zoom_factor: 3 pad_end: -1 }", IMAGE),
    LayerNet("Upsample", "", (IMAGE[0], IMAGE[0]), labels=((1, 160),)),
    LayerNet(
        "Upsample",
        "upsample_param { upsample_h: 9 upsample_w: 8 }",
        (IMAGE[0], IMAGE[0]),
        labels=((1, 70),),
    ),
    LayerNet(
        "Upsample", "upsample_param { pad_out_h: true }", (IMAGE[0], IMAGE[0]), labels=((1, 100),)
    ),
    LayerNet("Upsample", "upsample_param { scale: 3 }", IMAGE),
    LayerNet("Reorg", "reorg_param { stride: 2 }", ((2, 8, 4, 6),)),
    LayerNet("Reorg", "reorg_param { stride: 2 reverse: true }", ((2, 8, 2, 3),)),
    LayerNet("ShuffleChannel", "shuffle_channel_param { group: 2 }", IMAGE),
    LayerNet("ShuffleChannel", "shuffle_channel_param { group: 2 }", ((3, 4),)),
    LayerNet("Reverse", "reverse_param { axis: 1 }", IMAGE),
    LayerNet("LSTM", "recurrent_param { num_output: 3 }", ((4, 2, 5), (4, 2)), labels=((1, 2),)),
    LayerNet(
        "LSTM", "recurrent_param { num_output: 3 }", ((4, 2, 5), (4, 2), (2, 6)), labels=((1, 2),)
    ),
    LayerNet(
        "LSTM",
        "recurrent_param { num_output: 3 expose_hidden: true }",
        ((4, 2, 5), (4, 2), (1, 2, 3), (1, 2, 3)),
        tops=3,
        labels=((1, 2),),
    ),
    LayerNet("RNN", "recurrent_param { num_output: 3 }", ((4, 2, 5), (4, 2)), labels=((1, 2),)),
    LayerNet(
        "RNN",
        "recurrent_param { num_output: 3 expose_hidden: true }",
        ((4, 2, 5), (4, 2), (2, 6), (1, 2, 3)),
        tops=2,
        labels=((1, 2),),
    ),
    LayerNet("LSTMUnit", "", ((1, 2, 3), (1, 2, 12), (1, 2)), tops=2, labels=((2, 2),)),
    LayerNet("Bilinear", "", ((2, 3, 4, 4), (2, 5, 4, 4))),
    LayerNet(
        "CompactBilinear", "compact_bilinear_param { num_output: 16 }", ((2, 3, 4, 4), (2, 5, 4, 4))
    ),
    LayerNet(
        "CompactBilinear",
        "compact_bilinear_param { num_output: 16 sum_pool: false }",
        ((2, 3, 4, 4), (2, 5, 4, 4)),
    ),
    LayerNet("CompactBilinear", "compact_bilinear_param { num_output: 16 }", ((2, 3), (2, 5))),
    LayerNet("SignedSqrt", "", IMAGE),
    LayerNet(
        "PriorBox",
        "prior_box_param { min_size: 10 max_size: 20 aspect_ratio: 2 variance: 0.1 "
        "variance: 0.1 variance: 0.2 variance: 0.2 }",
        (IMAGE[0], (2, 3, 50, 40)),
    ),
    LayerNet(
        "PriorBox",
        "prior_box_param { min_size: 10 step: 8 img_size: 60 offset: 0.3 clip: true }",
        (IMAGE[0], (2, 3, 50, 40)),
    ),
    LayerNet("PriorBox", "prior_box_param { min_size: 10 }", ((2, 4, 7), (2, 3, 50))),
    LayerNet(
        "DetectionOutput",
        "detection_output_param { num_classes: 3 nms_param { nms_threshold: 0.3 } }",
        PRIORS,
    ),
    LayerNet(
        "DetectionOutput",
        "detection_output_param { num_classes: 3 code_type: CENTER_SIZE "
        "confidence_threshold: 0.1 keep_top_k: 4 nms_param { nms_threshold: 0.6 top_k: 3 "
        "eta: 0.8 } }",
        PRIORS,
    ),
    LayerNet(
        "DetectionOutput",
        "detection_output_param { num_classes: 3 share_location: false code_type: "
        "CORNER_SIZE variance_encoded_in_target: true background_label_id: -1 }",
        ((2, 72), *PRIORS[1:]),
    ),
    LayerNet(
        "DetectionOutput",
        "detection_output_param { num_classes: 3 confidence_threshold: 99 }",
        PRIORS,
    ),
    LayerNet("DetectionOutput", "detection_output_param { num_classes: 3 keep_top_k: 0 }", PRIORS),
    LayerNet(
        "DetectionOutput",
        "detection_output_param { num_classes: 3 nms_param { nms_threshold: 1.5 } }",
        ((1, 24), (1, 18), (1, 2, 24)),
    ),
    LayerNet(
        "ROIPooling",
        "roi_pooling_param { pooled_h: 2 pooled_w: 3 spatial_scale: 0.5 }",
        ((2, 3, 8, 9), (4, 5)),
        labels=((1, 2),),
    ),
    LayerNet(
        "ROIPooling",
        "roi_pooling_param { pooled_h: 2 pooled_w: 1 }",
        ((2, 3, 8), (4, 5)),
        labels=((1, 2),),
    ),
    LayerNet(
        "PSROIPooling",
        "psroi_pooling_param { output_dim: 6 group_size: 1 spatial_scale: 1 }",
        ((2, 6, 8), (4, 5)),
        labels=((1, 2),),
    ),
    LayerNet(
        "PSROIPooling",
        "psroi_pooling_param { output_dim: 2 group_size: 2 spatial_scale: 0.5 }",
        ((2, 8, 8, 9), (4, 5)),
        labels=((1, 2),),
    ),
)
