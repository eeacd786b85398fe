from collections.abc import Iterator
from typing import Annotated

import pytest

from protonet.layers import LAYERS
from protonet.layers.base import Layer
from protonet.layers.inner_product import InnerProduct, InnerProductParameter
from protonet.layers.relu import ReLU, ReLUParameter
from protonet.message.base import Float, Message, Tag
from protonet.message.reader import reader
from protonet.spec.net import LayerParameter, NetParameter, NetState, V1LayerParameter
from protonet.spec.read import parse_net

TEXT = 'layer { name: "r" type: "ReLU" relu_param { negative_slope: 0.5 } }'


def test_a_layer_holds_the_messages_that_are_set() -> None:
    (layer,) = parse_net(TEXT).layer

    assert layer.param_message("relu_param") == ReLUParameter(negative_slope=0.5)
    assert layer.param_message("inner_product_param") is None
    assert (layer.has("relu_param"), layer.has("inner_product_param")) == (True, False)


def test_the_layer_is_made_of_its_own_messages_and_defaults() -> None:
    (layer,) = parse_net(TEXT).layer

    relu = layer.layer(ReLU, top_count=1)
    inner_product = layer.layer(InnerProduct, top_count=2)

    assert relu == ReLU(relu_param=ReLUParameter(negative_slope=0.5))
    assert inner_product == InnerProduct(inner_product_param=InnerProductParameter(), top_count=2)


def test_read_and_constructed_layers_are_equal() -> None:
    made = LayerParameter.model_validate(
        {"name": "r", "type": "ReLU", "relu_param": ReLUParameter(negative_slope=0.5)}
    )

    assert parse_net(TEXT) == NetParameter(layer=(made,))
    assert hash(parse_net(TEXT).layer[0]) == hash(made)


@pytest.mark.parametrize(
    ("name", "message", "said"),
    [
        (
            "no_such_param",
            ReLUParameter(),
            "LayerParameter takes no `no_such_param` of ReLUParameter",
        ),
        ("relu_param", NetState(), "LayerParameter takes no `relu_param` of NetState"),
    ],
)
def test_a_layer_takes_only_messages_of_registered_layers(
    name: str, message: Message, said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        LayerParameter.model_validate({name: message})


def test_older_generations_have_their_own_numbers() -> None:
    v1 = V1LayerParameter.slots()["convolution_param"]
    today = LayerParameter.slots()["convolution_param"]

    assert (v1.number, today.number, v1.type) == (10, 106, today.type)


def test_every_generation_is_read() -> None:
    net = parse_net(
        """
        layers { type: RELU relu_param { negative_slope: 1 } }
        layers { layer { type: "conv" kernelsize: 3 hdf5_output_param { file_name: "x" } } }
        layer { type: "AnythingAtAll" }
        input: "data" input_dim: 1 input_dim: 3
        """
    )

    assert net.layers[0].type is V1LayerParameter.LayerType.RELU
    assert net.layers[0].param_message("relu_param") == ReLUParameter(negative_slope=1.0)
    assert net.layers[1].layer is not None
    assert net.layers[1].layer.kernelsize == 3
    assert net.layer[0].type == "AnythingAtAll"
    assert (net.input, net.input_dim) == (("data",), (1, 3))


class WobbleParameter(Message):
    """Parameters of a layer of somebody else's."""

    amplitude: Annotated[Float, Tag(1)] = 1.0


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test register layers without leaving them behind."""
    monkeypatch.setattr(LAYERS, "_types", dict(LAYERS))
    monkeypatch.setattr(LAYERS, "_messages", dict(LAYERS.messages))
    yield
    reader.cache_clear()


def wobble() -> type[Layer]:
    class Wobble(Layer):
        wobble_param: Annotated[WobbleParameter, Tag(60000)] = WobbleParameter()

    return Wobble


@pytest.mark.usefixtures("registry")
def test_the_message_of_a_layer_that_is_registered_later_is_read() -> None:
    parse_net(TEXT)

    kind = LAYERS.register(wobble())
    (layer,) = parse_net('layer { type: "Wobble" wobble_param { amplitude: 2 } }').layer

    assert layer.layer(kind) == kind.of({"wobble_param": WobbleParameter(amplitude=2.0)})


@pytest.mark.usefixtures("registry")
def test_a_class_that_is_defined_again_takes_the_place_of_the_first() -> None:
    LAYERS.register(wobble())
    second = wobble()

    LAYERS.register(second)

    assert LAYERS["Wobble"] is second


@pytest.mark.usefixtures("registry")
def test_a_name_stands_for_one_message_only() -> None:
    class Other(Layer):
        relu_param: Annotated[WobbleParameter, Tag(60000)] = WobbleParameter()

    with pytest.raises(ValueError, match="layer type `Other` declares another `relu_param`"):
        LAYERS.register(Other)
