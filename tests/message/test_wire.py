from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protonet.layers import LAYERS
from protonet.layers.base import Layer
from protonet.message.base import Float, Int32, Message, Tag
from protonet.message.common import BlobProto, BlobShape, Datum, FillerParameter
from protonet.message.wire import decode, encode
from protonet.spec.net import LayerParameter, NetParameter, V0LayerParameter, V1LayerParameter
from protonet.spec.solver import SolverState


class Narrow(Message):
    """A Datum as somebody knows it who has never heard of images."""

    label: Annotated[Int32, Tag(5)] = 0


class Demanding(Message):
    label: Annotated[Int32, Tag(5)]


class Unpacked(Message):
    data: Annotated[tuple[Float, ...], Tag(5)] = ()


def test_a_datum_as_caffe_writes_it() -> None:
    datum = Datum(channels=3, height=1, width=2, data=b"\0\1\2\3\4\xff", label=-1, encoded=False)
    data = b"\x08\x03\x10\x01\x18\x02\x22\x06\0\1\2\3\4\xff" + b"\x28" + b"\xff" * 9 + b"\x01\x38\0"

    assert encode(datum) == data
    assert decode(data, Datum) == datum


def test_only_what_is_set_is_written() -> None:
    assert encode(FillerParameter(std=0.0)) == b"\x35\0\0\0\0"
    assert decode(b"\x35\0\0\0\0", FillerParameter).model_fields_set == {"std"}
    assert encode(NetParameter()) == b""


def test_packed_and_unpacked_floats_are_read_alike() -> None:
    packed = encode(BlobProto(data=(1.0, 2.0)))
    unpacked = encode(Unpacked(data=(1.0, 2.0)))

    assert packed == b"\x2a\x08\0\0\x80\x3f\0\0\0\x40"
    assert unpacked == b"\x2d\0\0\x80\x3f\x2d\0\0\0\x40"
    assert decode(unpacked, BlobProto) == decode(packed, BlobProto) == BlobProto(data=(1.0, 2.0))


def test_nested_messages_of_every_generation() -> None:
    net = NetParameter(
        name="n",
        layer=(LayerParameter(name="new", blobs=(BlobProto(shape=BlobShape(dim=(1, 2))),)),),
        layers=(
            V1LayerParameter(type=V1LayerParameter.LayerType.RELU, blobs_lr=(1.0, 2.0)),
            V1LayerParameter(layer=V0LayerParameter(name="old", weight_filler=FillerParameter())),
        ),
    )

    again = decode(encode(net), NetParameter)

    assert again == net
    assert again.layers[1].layer is not None
    assert again.layers[1].layer.model_fields_set == {"name", "weight_filler"}


def test_unknown_fields_and_enum_values_are_passed_over() -> None:
    assert decode(encode(Datum(height=2, label=7)), Narrow) == Narrow(label=7)
    assert decode(b"\x40\x63", FillerParameter) == FillerParameter()


def test_texts_need_not_be_utf_8() -> None:
    state = decode(b"\x12\x03a\xffb", SolverState)

    assert state.learned_net == "a\udcffb"
    assert encode(state) == b"\x12\x03a\xffb"


def read(data: bytes) -> SolverState | str:
    try:
        return decode(data, SolverState)
    except ValueError as error:
        return str(error)


@given(st.binary(max_size=40))
def test_bytes_are_read_or_refused(data: bytes) -> None:
    message = read(data)

    if isinstance(message, str):
        assert (
            message
            == f"these {len(data)} bytes are no `SolverState`: cut short, or of another kind"
        )
    else:
        assert decode(encode(message), SolverState) == message or "nan" in repr(message)


def test_a_file_that_is_cut_short_is_refused() -> None:
    data = encode(SolverState(iter=5, history=(BlobProto(data=(1.0, 2.0)),)))

    with pytest.raises(ValueError, match=f"these {len(data) - 1} bytes are no `SolverState`"):
        decode(data[:-1], SolverState)


def test_a_missing_required_field_is_refused() -> None:
    with pytest.raises(ValueError, match="these 0 bytes lack a field that `Demanding` needs"):
        decode(b"", Demanding)


def test_a_layer_that_comes_later_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    decode(b"", LayerParameter)
    monkeypatch.setattr(LAYERS, "_types", dict(LAYERS))
    monkeypatch.setattr(LAYERS, "_messages", dict(LAYERS.messages))

    class Late(Layer):
        late_param: Annotated[Narrow, Tag(60001)] = Narrow()

    LAYERS.register(Late)
    layer = LayerParameter(late_param=Narrow(label=1))  # pyright: ignore[reportCallIssue] # a layer's own field

    assert decode(encode(layer), LayerParameter) == layer
