"""A net in Caffe's binary form, as stands in every `.caffemodel`, to a prototxt.

Forks gave one number to different messages. Which is meant is told by the layer's type: of the
messages that the type reads, the one that some fork has under that number.
"""

from collections.abc import Iterator
from pathlib import Path

from protonet import files
from protonet.layers import LAYERS
from protonet.message import wire
from protonet.message.unbind import unbind
from protonet.source import Source
from protonet.spec.forks import numbers
from protonet.spec.net import NetParameter
from protonet.syntax.format import format_block
from protonet.syntax.tree import Block, Field
from protonet.weights import faults
from protonet.weights.mapped import scanning
from protonet.weights.scan import Scanner, Wire, length_delimited
from protonet.weights.stored import OpenFile

_LAYER, _V1_LAYER = 100, 2
_TYPE, _BLOBS = 2, 7
_V1_NESTED, _V1_BLOBS, _V0_BLOBS = 1, 6, 50
_HEAD = 512
_TEXT = frozenset({*range(32, 256), *b"\t\n\v\f\r"})


def is_binary(path: Path) -> bool:
    """Tell whether a file begins as no text does; a name that is no file's does not."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return any(byte not in _TEXT for byte in head)


def read(name: str) -> Source:
    """Read a net that a user named, of text or binary form; weights are left where they are.

    Raises:
        DiagnosticError: PN021, it cannot be read; PN401, a binary one is cut short or damaged.
    """
    path = files.find(name)
    if path is None or not is_binary(path):
        return files.read(name)
    return Source(format_block(_block(path)), name, path)


def _block(path: Path) -> Block:
    """Return the fields of a net, without its blobs and the Split layers that Caffe made."""
    file = OpenFile(path)
    with scanning(file) as message:
        data = b"".join(_entries(message))
    try:
        net = unbind(wire.decode(data, NetParameter))
    except ValueError as error:
        raise faults.corrupt(path, str(error)) from None
    return _without_splits(net)


def _entries(message: Scanner) -> Iterator[bytes]:
    """Yield the encoded fields of a net, blobs left out and numbers as they are here."""
    start = message.at
    for entry in message:
        if entry.wire is Wire.LEN and entry.number == _LAYER:
            yield length_delimited(_LAYER, _layer(message.message(entry)))
        elif entry.wire is Wire.LEN and entry.number == _V1_LAYER:
            yield length_delimited(_V1_LAYER, _v1_layer(message.message(entry)))
        else:
            yield bytes(message.data[start : entry.end])
        start = entry.end


def _layer(layer: Scanner) -> bytes:
    kind = _type(Scanner(layer.data, layer.at, layer.end))
    meant = _meant(kind)
    parts: list[bytes] = []
    start = layer.at
    for entry in layer:
        if entry.wire is Wire.LEN and entry.number in meant:
            parts.append(length_delimited(meant[entry.number], layer.data[entry.start : entry.end]))
        elif entry.number != _BLOBS:
            parts.append(bytes(layer.data[start : entry.end]))
        start = entry.end
    return b"".join(parts)


def _type(layer: Scanner) -> str:
    found = [layer.text(e) for e in layer if e.number == _TYPE and e.wire is Wire.LEN]
    return found[-1] if found else ""


def _meant(kind: str) -> dict[int, int]:
    """Return which of our numbers a fork's number is, in a layer of that type."""
    layer = LAYERS.get(kind)
    if layer is None:
        return {}
    slots = layer.slots()
    own = {slot.number for slot in slots.values()}
    known = numbers()
    return {
        number: slot.number
        for name, slot in slots.items()
        for number in known.get(name, ())
        if number not in own
    }


def _v1_layer(layer: Scanner) -> bytes:
    parts: list[bytes] = []
    start = layer.at
    for entry in layer:
        if entry.number == _V1_NESTED and entry.wire is Wire.LEN:
            nested = _without(layer.message(entry), _V0_BLOBS)
            parts.append(length_delimited(_V1_NESTED, nested))
        elif entry.number != _V1_BLOBS:
            parts.append(bytes(layer.data[start : entry.end]))
        start = entry.end
    return b"".join(parts)


def _without(message: Scanner, number: int) -> bytes:
    parts: list[bytes] = []
    start = message.at
    for entry in message:
        if entry.number != number:
            parts.append(bytes(message.data[start : entry.end]))
        start = entry.end
    return b"".join(parts)


def _without_splits(net: Block) -> Block:
    """Leave out the Split layers that Caffe made; their tops are ``BLOB_LAYER_0_split_0``."""
    whole: dict[str, str] = {}
    kept: list[Field] = []
    for one in net.fields:
        if one.name != "layer" or not isinstance(one.value, Block):
            kept.append(one)
            continue
        tops = _texts(one.value, "top")
        if _texts(one.value, "type") == ["Split"] and all("_split_" in top for top in tops):
            (bottom,) = _texts(one.value, "bottom")
            whole |= dict.fromkeys(tops, bottom)
        else:
            fields = tuple(_of_whole(inner, whole) for inner in one.value.fields)
            kept.append(one._replace(value=one.value._replace(fields=fields)))
    return net._replace(fields=tuple(kept))


def _of_whole(one: Field, whole: dict[str, str]) -> Field:
    """Return a field; a bottom that is one end of a split is the blob that was split."""
    if one.name != "bottom":
        return one
    return one._replace(value=whole.get(str(one.value), str(one.value)))


def _texts(block: Block, name: str) -> list[str]:
    return [str(one.value) for one in block.all(name)]
