"""Models with the modules, names and arithmetic of torchvision's, written here."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def vgg16(narrow: int = 1, *, batch_norm: bool = False) -> nn.Module:
    """VGG-16 with a fraction of the filters, for 224x224 images; 1,000 // narrow classes."""
    layers: list[nn.Module] = []
    channels = 3
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            layers.append(nn.Conv2d(channels, width // narrow, 3, padding=1))
            channels = width // narrow
            layers += [nn.BatchNorm2d(channels)] if batch_norm else []
            layers.append(nn.ReLU())
        layers.append(nn.MaxPool2d(2, 2))
    hidden = 4096 // narrow
    classifier = [nn.Linear(channels * 49, hidden), nn.ReLU(), nn.Dropout()]
    classifier += [nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout()]
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(*layers))
    model.add_module("flat", nn.Flatten())
    model.add_module("classifier", nn.Sequential(*classifier, nn.Linear(hidden, 1000 // narrow)))
    return model


class Block(nn.Module):
    """A residual block of two 3x3 convolutions, or of 1x1, 3x3, 1x1; the first 3x3 strides."""

    def __init__(self, inputs: int, width: int, stride: int, *, bottleneck: bool) -> None:
        super().__init__()
        self.kernels = (1, 3, 1) if bottleneck else (3, 3)
        outputs = width * (4 if bottleneck else 1)
        widths = (inputs, *(width for _ in self.kernels[1:]), outputs)
        for at, kernel in enumerate(self.kernels, 1):
            step = stride if at == self.kernels.index(3) + 1 else 1
            convolution = nn.Conv2d(
                widths[at - 1], widths[at], kernel, step, padding=kernel // 2, bias=False
            )
            self.add_module(f"conv{at}", convolution)
            self.add_module(f"bn{at}", nn.BatchNorm2d(widths[at]))
        self.downsample: nn.Module | None = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for at in range(1, len(self.kernels) + 1):
            y = self.get_submodule(f"bn{at}")(self.get_submodule(f"conv{at}")(y))
            y = y if at == len(self.kernels) else y.relu()
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


def resnet(blocks: Sequence[int], *, bottleneck: bool) -> nn.Module:
    """A ResNet of four stages, 1,000 classes."""
    model = nn.Sequential()
    model.add_module("conv1", nn.Conv2d(3, 64, 7, 2, padding=3, bias=False))
    model.add_module("bn1", nn.BatchNorm2d(64))
    model.add_module("relu", nn.ReLU())
    model.add_module("maxpool", nn.MaxPool2d(3, 2, padding=1))
    channels = 64
    for stage, number in enumerate(blocks):
        width, layers = 64 << stage, list[nn.Module]()
        for at in range(number):
            stride = 2 if stage and not at else 1
            layers.append(Block(channels, width, stride, bottleneck=bottleneck))
            channels = width * (4 if bottleneck else 1)
        model.add_module(f"layer{stage + 1}", nn.Sequential(*layers))
    model.add_module("avgpool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flat", nn.Flatten())
    model.add_module("fc", nn.Linear(channels, 1000))
    return model


def randomise(model: nn.Module, seed: int = 1701) -> nn.Module:
    """Draw running statistics and scales too, so that none is left out unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for low, tensor in (
                (-0.5, module.running_mean),
                (0.5, module.running_var),
                (0.5, module.weight),
                (-0.5, module.bias),
            ):
                assert tensor is not None
                tensor.data = low + torch.rand(tensor.shape, generator=generator)
    return model.eval()


def as_torchvision_reads(image: Tensor) -> Tensor:
    """Return images ``(N, 3, H, W)``, B, G, R of 0 to 255, as torchvision's models want them."""
    rgb = image.flip(1) / 255
    return (rgb - MEAN.reshape(3, 1, 1)) / STD.reshape(3, 1, 1)


def as_caffe_reads(image: Tensor) -> Tensor:
    """Return the same images less their mean, as Caffe's nets want them."""
    return image - 255 * MEAN.flip(0).reshape(3, 1, 1)
