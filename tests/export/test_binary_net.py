"""A net in binary form is a prototxt with the same meaning, whichever fork wrote it."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.export.binary_net import is_binary, read
from protonet.message import wire
from protonet.spec.read import parse_net
from protonet.weights.scan import encode_varint, length_delimited

Field = tuple[int, bytes | str | int]


def message(*fields: Field) -> bytes:
    """Encode fields: bytes and texts by length, integers as varints."""
    parts: list[bytes] = []
    for number, value in fields:
        if isinstance(value, int):
            parts.append(encode_varint(number << 3) + encode_varint(value))
        else:
            parts.append(
                length_delimited(number, value.encode() if isinstance(value, str) else value)
            )
    return b"".join(parts)


def text(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(data)
    return read(str(path)).text


BLOB = (7, message((5, b"\0\0\0\0")))


def test_blobs_and_the_splits_of_caffe_are_left_out(tmp_path: Path) -> None:
    split = [(3, "x"), (4, "x_r_0_split_0"), (4, "x_r_0_split_1")]
    net = message(
        (1, "n"),
        (100, message((1, "s"), (2, "Split"), *split)),
        (100, message((1, "r"), (2, "ReLU"), (3, "x_r_0_split_0"), (4, "r"), BLOB)),
        (100, message((1, "mine"), (2, "Split"), (3, "r"), (4, "a"), (4, "b"))),
    )

    assert (
        text(tmp_path, net)
        == """\
name: "n"
layer {
  name: "r"
  type: "ReLU"
  bottom: "x"
  top: "r"
}
layer {
  name: "mine"
  type: "Split"
  bottom: "r"
  top: "a"
  top: "b"
}
"""
    )


@pytest.mark.parametrize(
    ("kind", "number", "inner", "found"),
    [
        ("CompactBilinear", 145, message((1, 8)), "compact_bilinear_param { num_output: 8 }"),
        ("ShuffleChannel", 145, message((1, 3)), "shuffle_channel_param { group: 3 }"),
        ("Parameter", 145, message((1, message((1, b"\x02")))), "parameter_param"),
        ("Interp", 143, message((3, 2)), "interp_param { zoom_factor: 2 }"),
        ("Interp", 205, message((3, 2)), "interp_param { zoom_factor: 2 }"),
        ("ROIPooling", 150, message((1, 7)), "roi_pooling_param { pooled_h: 7 }"),
        ("BN", 152, message((5, 1)), "bn_param { frozen: true }"),
    ],
)
def test_the_type_tells_what_a_number_means(
    kind: str, number: int, inner: bytes, found: str, tmp_path: Path
) -> None:
    net = message((100, message((1, "l"), (2, kind), (number, inner))))

    assert found in text(tmp_path, net)


def test_a_number_of_another_wire_type_is_another_s(tmp_path: Path) -> None:
    layer = message((1, "c"), (2, "Parameter"), (145, 2), (146, 2), (149, 1))

    assert text(tmp_path, message((100, layer))) == 'layer { name: "c" type: "Parameter" }\n'


def test_layers_of_unknown_types_and_of_none_keep_what_all_have(tmp_path: Path) -> None:
    net = message((100, message((1, "l"), (2, "Mystery"), (145, b""))), (100, message((1, "m"))))

    assert (
        text(tmp_path, net)
        == """\
layer {
  name: "l"
  type: "Mystery"
  parameter_param { }
}
layer { name: "m" }
"""
    )


def test_older_generations_are_read_for_the_upgrade(tmp_path: Path) -> None:
    v0 = message((1, "c"), (2, "conv"), (8, 3), (50, b""))
    net = message(
        (2, message((4, "r"), (5, 18), (6, b""))), (2, message((1, v0), (2, "x"), (3, "c")))
    )

    assert parse_net(text(tmp_path, net)) == parse_net("""\
layers { name: "r" type: RELU }
layers { layer { name: "c" type: "conv" kernelsize: 3 } bottom: "x" top: "c" }
""")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    net = parse_net('name: "n" layer { name: "l" type: "LRN" lrn_param { local_size: 3 } }\n')

    assert parse_net(text(tmp_path, wire.encode(net))) == net


def test_a_text_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_bytes("# caf\xe9\nname: 'x'\n".encode("latin-1"))

    assert not is_binary(path)
    assert not is_binary(tmp_path / "missing")
    assert read(str(path)).text == "# caf\udce9\nname: 'x'\n"


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    for data in (b"\n\x05ab\0", b"\0\0\0", message((100, b"\xff\x01")), message((6, b"\x08"))):
        with pytest.raises(DiagnosticError, match="PN401"):
            text(tmp_path, data)
    with pytest.raises(DiagnosticError, match="PN021"):
        read(str(tmp_path / "missing.caffemodel"))
