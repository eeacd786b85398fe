"""Nets as they would be with other fillers, or with batch normalization: for experiments."""

from collections.abc import Iterator
from typing import Any

from protonet.layers import LAYERS
from protonet.message.base import Kind, Message
from protonet.message.common import FillerParameter
from protonet.spec.net import LayerParameter, NetParameter
from protonet.spec.read import NetFile, read_net, written

PRODUCTS = frozenset({"Convolution", "Deconvolution", "InnerProduct"})
ACTIVATIONS = frozenset(
    {"ReLU", "ReLU6", "LeakyReLU", "PReLU", "RReLU", "ELU", "Swish", "Sigmoid", "TanH", "BNLL"}
)


def with_fillers(file: NetFile, filler: FillerParameter) -> NetFile:
    """Return a net in which this filler fills all weights; biases keep theirs."""
    return _rewritten(file, (_filled(layer, filler) for layer in file.message.layer))


def with_batch_norm(file: NetFile) -> NetFile:
    """Return a net with BatchNorm and Scale behind each product that an activation follows."""
    return _rewritten(file, _normalized(file.message.layer))


def _filled(layer: LayerParameter, filler: FillerParameter) -> LayerParameter:
    messages: dict[str, Any] = {}
    for name in layer.model_fields_set:
        message = getattr(layer, name)
        if isinstance(message, Message):
            slot = type(message).slots().get("weight_filler")
            if slot is not None and slot.kind is Kind.MESSAGE:
                messages[name] = message.model_copy(update={"weight_filler": filler})
    return layer.model_copy(update=messages)


def _normalized(layers: tuple[LayerParameter, ...]) -> Iterator[LayerParameter]:
    activated: set[str] = set()
    for layer in reversed(layers):
        # LeNet's ReLU stands behind the pooling.
        if layer.bottom and (
            layer.type in ACTIVATIONS or (layer.type == "Pooling" and layer.top[0] in activated)
        ):
            activated.add(layer.bottom[0])
    for layer in layers:
        yield layer
        if layer.type in PRODUCTS and layer.top[0] in activated:
            top = layer.top[0]
            place = {"bottom": (top,), "top": (top,), "include": layer.include}
            place |= {"exclude": layer.exclude}
            yield LayerParameter.of({"name": f"{layer.name}/bn", "type": "BatchNorm"} | place)
            scale = LAYERS["Scale"].slots()["scale_param"].type(bias_term=True)
            names = {"name": f"{layer.name}/scale", "type": "Scale", "scale_param": scale}
            yield LayerParameter.of(names | place)


def _rewritten(file: NetFile, layers: Iterator[LayerParameter]) -> NetFile:
    message: NetParameter = file.message.model_copy(update={"layer": tuple(layers)})
    return read_net(written(message, file))
