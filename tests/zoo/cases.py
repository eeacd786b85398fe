"""The nets of zoo/, and what the tests give them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from protonet.graph.build import build
from protonet.graph.infer import Shapes, infer
from protonet.graph.ir import Graph
from protonet.graph.rules import merged
from protonet.graph.shapes import declared_shapes
from protonet.graph.share import Ownership, own
from protonet.message.common import Phase
from protonet.shape import Shape
from protonet.spec.read import read_net

ZOO = Path(__file__).parents[2] / "zoo"

_FED = re.compile(
    r"^layer \{\n"
    r"(?:(?!\}).*\n)*?"  # lines of this layer: its brace is the first that stands at a line's start
    r'  type: "(?:Data|ImageData|HDF5Data|Input)"\n'
    r"(?:(?!\}).*\n)*?\}\n",
    re.MULTILINE,
)


def _images(size: int, channels: int = 3, batch: int = 2) -> dict[str, Shape]:
    return {"data": (batch, channels, size, size), "label": (batch,)}


def _text(steps: int, texts: int) -> dict[str, Shape]:
    return dict.fromkeys(("cont", "input", "target"), (steps, texts))


def _pairs(batch: int) -> dict[str, Shape]:
    return {"pair_data": (batch, 1, 28, 28), "pair_label": (batch,)}


@dataclass(frozen=True, slots=True)
class Case:
    """A net of the zoo.

    Attributes:
        name: Its folder.
        inputs: What its data layers give, at the published size.
        small: The smallest that goes through it.
        parameters: How many learn or could, the fixed kernels of fcn8s too; running statistics are
            not counted.
        last: The blob that both files have before loss or Softmax.
        classes: How many channels `last` has.
        is_large: Even `small` takes gigabytes.
    """

    name: str
    inputs: Mapping[str, Shape]
    small: Mapping[str, Shape]
    parameters: int
    last: str
    classes: int = 1000
    is_large: bool = False

    def path(self, file: str) -> Path:
        """Return the path of ``"train_val"`` or ``"deploy"``."""
        return ZOO / self.name / f"{file}.prototxt"

    def text(self, file: str, inputs: Mapping[str, Shape]) -> str:
        """Return a file's text with Input layers instead of its data layers."""
        return "".join(map(_input, inputs, inputs.values())) + _FED.sub(
            "", self.path(file).read_text()
        )

    def deployed(self, inputs: Mapping[str, Shape]) -> dict[str, Shape]:
        """Return what the deploy file takes of the inputs of train_val."""
        if self.name == "siamese":
            pairs, *image = inputs["pair_data"]
            return {"data": (pairs // 2, *image)}
        return {blob: shape for blob, shape in inputs.items() if blob not in {"label", "target"}}

    def batch(self, inputs: Mapping[str, Shape]) -> dict[str, Tensor]:
        """Draw values: images of noise, labels and characters that are 0 or 1."""
        generator = torch.Generator().manual_seed(1701)
        return {
            blob: torch.randn(shape, generator=generator)
            if blob.endswith("data")
            else torch.randint(2, shape, generator=generator).float()
            for blob, shape in inputs.items()
        }


def _input(blob: str, shape: Shape) -> str:
    dims = " ".join(f"dim: {extent}" for extent in shape)
    return f'layer {{ name: "{blob}" type: "Input" top: "{blob}" input_param {{ shape {{ {dims} }} }} }}\n'  # noqa: E501


@dataclass(frozen=True, slots=True)
class Inferred:
    """A net as far as it goes without torch."""

    graph: Graph
    shapes: Shapes
    ownership: Ownership


@cache
def _inferred(path: Path, phase: Phase, inputs: tuple[tuple[str, Shape], ...]) -> Inferred:
    file = read_net(path)
    graph = build(file, merged(file.message.state, phase), dict(inputs))
    shapes = infer(graph, declared_shapes, dict(inputs))
    return Inferred(graph, shapes, own(graph, shapes))


def inferred(path: Path, phase: Phase, inputs: Mapping[str, Shape]) -> Inferred:
    """Read a net and infer its shapes; once for all tests."""
    return _inferred(path, phase, tuple(inputs.items()))


# Parameter counts, biases and BatchNorm's affine (its Scale layer) counted, and where they are
# published. Where no paper gives the exact number, it is that of the released weights.
CASES = {
    case.name: case
    for case in (
        Case("lenet", _images(28, channels=1), _images(28, channels=1), 431_080, "ip2", 10),
        Case("cifar10_quick", _images(32), _images(32), 145_578, "ip2", 10),
        # "60 million" in the paper; bvlc_alexnet.caffemodel.
        Case("alexnet", _images(227), _images(67), 60_965_224, "fc8"),
        Case("caffenet", _images(227), _images(67), 60_965_224, "fc8"),
        # bvlc_googlenet.caffemodel; the auxiliary classifiers have 6,379,728 of them.
        Case("googlenet", _images(224), _images(224), 13_378_280, "loss3/classifier"),
        # "138 million" in table 2 of the paper; torchvision's table: 138,357,544.
        Case("vgg16", _images(224), _images(32), 138_357_544, "fc8"),
        Case("vgg16_torchvision", _images(224), _images(32), 138_357_544, "fc8"),
        # 24 * 148 + 32 * 217 + 48 * 289, and 10 * 49 or 10 * 513.
        Case("textures_average", _images(64), _images(32), 24_858, "fc", 10),
        Case("textures_bilinear", _images(64), _images(32), 29_498, "fc", 10),
        # VGG-16's convolutions, 14,714,688, and 8192 * 200 + 200.
        Case("vgg16_compact_bilinear", _images(448), _images(32), 16_353_288, "fc8_cub", 200),
        # "134M" in table 1 of the paper: VGG-16 without fc8, 134,260,544, the scores of fc7, pool4
        # and pool3, 21 * (4096 + 512 + 256 + 3), and kernels of 4x4, 4x4 and 16x16, 21 each.
        Case(
            "fcn8s",
            {"data": (1, 3, 500, 500), "label": (1, 1, 500, 500)},
            {"data": (1, 3, 16, 16), "label": (1, 1, 16, 16)},
            134_362_751 + 6_048,
            "score",
            21,
            is_large=True,
        ),
        # torchvision's table of weights, for both layouts.
        Case("resnet18", _images(224), _images(32), 11_689_512, "fc1000"),
        Case("resnet18_torchvision", _images(224), _images(32), 11_689_512, "fc1000"),
        # The same table; the authors' release has a bias of 64 in conv1.
        Case("resnet50", _images(224), _images(32), 25_557_032 + 64, "fc1000"),
        Case("resnet50_torchvision", _images(224), _images(32), 25_557_032, "fc1000"),
        # torchvision's tables; "1.24M" is commonly told of SqueezeNet v1.1.
        Case("squeezenet", _images(227), _images(35), 1_235_496, "pool10"),
        Case("densenet121", _images(224), _images(32), 7_978_856, "fc6"),
        # "4.2 million" in table 4 of the paper; 3,185,088 in convolutions, 21,888 in BatchNorms,
        # 1,025,000 in the classifier.
        Case("mobilenet_v1", _images(224), _images(32), 4_231_976, "fc7"),
        # LeNet and 10 * 2 + 2.
        Case("siamese", _pairs(128), _pairs(4), 431_102, "feat", 2),
        # Embed 128 * 64, the LSTM 4 * 256 * (64 + 256 + 1), the inner product 256 * 128 + 128.
        Case("lstm", _text(32, 16), _text(5, 2), 369_792, "predict", 128),
    )
}
