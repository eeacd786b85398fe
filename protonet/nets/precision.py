"""Which layers run in 16 bits and which in float32."""

from typing import Any

import torch
from torch import Tensor, nn

from protonet.graph.ir import Node

PRODUCTS = frozenset({"Convolution", "Deconvolution", "InnerProduct"})
"""They gain from 16 bits: their products are rounded, their sums are float32."""

INDIFFERENT = frozenset(
    {
        *("BatchNorm", "Bias", "Concat", "Crop", "Dropout", "Eltwise", "Flatten", "Pooling"),
        *("ReLU", "Reshape", "Scale", "Silence", "Slice", "Split", "Tile"),
    }
)
"""They take what comes and lose nothing by it: they move values, or do one operation with each.
BatchNorm's sums are float32 in any case. All other layers are given float32: squares of
activations (LRN) exceed half floats, and losses are sums of small terms."""


def in_precision(node: Node, module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Return a layer's module as it runs beside layers in 16 bits."""
    if node.type in PRODUCTS:
        return InLow(module, dtype)
    # The mask of a Pooling with two tops holds places, which 16 bits cannot count.
    counts = node.type == "Pooling" and len(node.tops) > 1
    return module if node.type in INDIFFERENT and not counts else InFloat32(module)


class InLow(nn.Module):
    """Runs a layer's products in 16 bits."""

    def __init__(self, module: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.module = module
        self.dtype = dtype

    def forward(self, *arguments: Tensor) -> Any:
        """Return what the module does; inputs and weights are rounded."""
        # Without the cache: the rounded weights of an earlier layer would be kept till the end.
        with torch.autocast(arguments[0].device.type, self.dtype, cache_enabled=False):
            return self.module(*arguments)


class InFloat32(nn.Module):
    """Runs a layer in float32, whatever comes."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *arguments: Tensor) -> Any:
        """Return what the module does."""
        return self.module(*(argument.float() for argument in arguments))
