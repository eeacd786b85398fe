"""Models of torchvision's: which layer of a zoo net each of their modules is.

Their images are RGB, scaled to 0..1, less a mean and divided by a standard deviation; Caffe's are
BGR of 0 to 255 less a mean. Order and scale are folded into the first convolution. The mean is not:
at the border, padding stands for it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from protonet.diagnostics import Diagnostic
from protonet.layers.convolution import ConvolutionParameter
from protonet.layers.pooling import PoolingParameter
from protonet.shape import Shape
from protonet.spec.net import LayerParameter
from protonet.weights.stored import AFFINE, ArrayBlob, Blob, StoredLayer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, red first, as torchvision's models were trained."""
MEAN_VALUE = tuple(255 * value for value in reversed(MEAN))
"""What a net is to subtract: Caffe's ``mean_value``, blue first."""
_COLOURS, _WEIGHT_AXES = 3, 4


@dataclass(frozen=True, slots=True)
class Table:
    """A model and the zoo net that is written in its layout.

    Attributes:
        model: What messages call it.
        zoo: The net.
        layers: The net's layer for each of the file's; of a BatchNorm, the Scale follows it.
        first: The file's layer that sees the image.
        strides: Convolutions of the net, and how far they move.
        floor: Poolings of the net that round down.
    """

    model: str
    zoo: str
    layers: Mapping[str, str]
    first: str
    strides: Mapping[str, int] = field(default_factory=dict[str, int])
    floor: tuple[str, ...] = ()

    def problem(self, layers: Sequence[LayerParameter], file: str) -> Diagnostic | None:
        """Return PN415 if a net has the layers but computes something else with them."""
        named = {layer.name: layer for layer in layers}
        differs = [
            f"`{name}` has stride {_stride(named[name])}, the model's {stride}"
            for name, stride in self.strides.items()
            if name in named and _stride(named[name]) != stride
        ]
        differs += [
            f"`{name}` rounds up, the model's pooling rounds down"
            for name in self.floor
            if name in named and not _rounds_down(named[name])
        ]
        if not differs:
            return None
        return Diagnostic(
            "PN415",
            f"{self.model} is a different net: {'; '.join(differs)}",
            help=f"use `{self.zoo}`, which is written in its layout",
            file=file,
        )

    def folded(self, layer: StoredLayer) -> Mapping[int, Blob]:
        """Return a layer's blobs; those of the first, for images as Caffe's nets read them."""
        weight = layer.blobs.get(0)
        if weight is None or layer.name != self.first or not _sees_colours(weight.shape):
            return layer.blobs
        mean = " ".join(f"{value:g}" for value in MEAN_VALUE)
        note = f"RGB to BGR, divided by 255 std; it wants 0 to 255 less mean_value {mean}"
        return {**layer.blobs, 0: ArrayBlob(weight.shape, lambda: _fold(weight.array()), note=note)}


def _sees_colours(shape: Shape) -> bool:
    return len(shape) == _WEIGHT_AXES and shape[1] == _COLOURS


def _fold(weight: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the weight ``(N, 3, H, W)`` of a convolution for other images."""
    import numpy as np  # noqa: PLC0415 # what reads heads must not wait for it

    std = 255 * np.array(STD).reshape(1, _COLOURS, 1, 1)
    return np.ascontiguousarray((weight / std)[:, ::-1], np.float32)


def _stride(layer: LayerParameter) -> int:
    p = layer.param_message("convolution_param")
    return p.stride[0] if isinstance(p, ConvolutionParameter) and p.stride else 1


def _rounds_down(layer: LayerParameter) -> bool:
    p = layer.param_message("pooling_param")
    return isinstance(p, PoolingParameter) and p.round_mode is PoolingParameter.RoundMode.FLOOR


_VGG_CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
_VGG_BLOCKS = (2, 2, 3, 3, 3)


def _vgg16() -> Mapping[str, str]:
    names = [f"conv{b}_{i}" for b, n in enumerate(_VGG_BLOCKS, 1) for i in range(1, n + 1)]
    convolutions = zip((f"features.{at}" for at in _VGG_CONVOLUTIONS), names, strict=True)
    inner = {"classifier.0": "fc6", "classifier.3": "fc7", "classifier.6": "fc8"}
    return MappingProxyType({**dict(convolutions), **inner})


def _resnet(blocks: Sequence[int], convolutions: int) -> Iterator[tuple[str, str]]:
    """Yield the names of a ResNet's layers.

    Args:
        blocks: How many of each of its four stages.
        convolutions: How many a block has.
    """
    yield from (("conv1", "conv1"), ("bn1", "bn_conv1"), ("fc", "fc1000"))
    for stage, number in enumerate(blocks, 1):
        for block in range(number):
            module, name = f"layer{stage}.{block}", f"{stage + 1}{'abcdef'[block]}"
            branches = [(f"conv{i}", f"bn{i}", f"branch2{'abc'[i - 1]}") for i in (1, 2, 3)]
            if block == 0 and (stage > 1 or convolutions == 3):  # noqa: PLR2004 # else the shape stays
                yield f"{module}.downsample.0", f"res{name}_branch1"
                yield f"{module}.downsample.1", f"bn{name}_branch1"
            for convolution, norm, branch in branches[:convolutions]:
                yield f"{module}.{convolution}", f"res{name}_{branch}"
                yield f"{module}.{norm}", f"bn{name}_{branch}"


def _bottleneck_strides() -> Mapping[str, int]:
    """Return where a ResNet-50 of torchvision's moves by 2: Caffe's do so one layer earlier."""
    return {f"res{n}a_branch2{branch}": 1 + (branch == "b") for n in (3, 4, 5) for branch in "ab"}


TABLES = (
    Table("torchvision's VGG-16", "zoo/vgg16_torchvision", _vgg16(), first="features.0"),
    Table(
        "torchvision's ResNet-18",
        "zoo/resnet18_torchvision",
        MappingProxyType(dict(_resnet((2, 2, 2, 2), 2))),
        first="conv1",
        floor=("pool1",),
    ),
    Table(
        "torchvision's ResNet-50",
        "zoo/resnet50_torchvision",
        MappingProxyType(dict(_resnet((3, 4, 6, 3), 3))),
        first="conv1",
        strides=MappingProxyType(_bottleneck_strides()),
        floor=("pool1",),
    ),
)

_ALEXNET = frozenset(f"features.{at}" for at in (0, 3, 6, 8, 10)) | frozenset(
    f"classifier.{at}" for at in (1, 4, 6)
)
_VGG16_BN = frozenset(
    f"features.{at}" for c in (0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40) for at in (c, c + 1)
) | frozenset(f"classifier.{at}" for at in (0, 3, 6))


def refusal(names: Collection[str]) -> str:
    """Return why a model of torchvision's goes into none of Caffe's nets; nothing for others."""
    if names == _ALEXNET:
        return (
            "torchvision's AlexNet is not the same net as Caffe's: "
            "64 to 384 filters in one column, without groups and without LRN"
        )
    if names == _VGG16_BN:
        return "torchvision's VGG-16 with BatchNorm is not the same net as VGG-16"
    if {"inception3a.branch1.conv", "inception5b.branch4.conv"} <= set(names):
        return (
            "torchvision's GoogLeNet is not the same net as Caffe's: "
            "BatchNorm in place of LRN, no biases, 3x3 convolutions in place of 5x5"
        )
    return ""


def names_of(layers: Sequence[StoredLayer]) -> frozenset[str]:
    """Return a file's layers as modules of torch, of which a BatchNorm is one."""
    return frozenset(layer.name.removesuffix(AFFINE) for layer in layers)


def table_of(names: Collection[str]) -> Table | None:
    """Return the table of the model that has exactly these modules."""
    return next((table for table in TABLES if table.layers.keys() == names), None)
