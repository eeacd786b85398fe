"""protobuf's own text format over the descriptors that ``emit`` makes of the messages."""

from functools import cache

from google.protobuf import text_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message as Runtime
from google.protobuf.message_factory import GetMessageClass

from protonet.diagnostics import DiagnosticError
from protonet.message.base import Message, name_of
from protonet.message.bind import bind
from protonet.message.emit import PACKAGE, file_descriptor
from protonet.message.wire import encode
from protonet.source import Source
from protonet.syntax.parse import parse


@cache
def runtime(message: type[Message]) -> type[Runtime]:
    """Return protobuf's class of a message."""
    pool = DescriptorPool()
    pool.Add(file_descriptor([message]))
    return GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name_of(message)}"))


def protobuf_bytes(text: str, message: type[Message]) -> bytes | None:
    """Return what protobuf reads, as bytes; None if it refuses the text."""
    try:
        read = text_format.Parse(text, runtime(message)())
    except text_format.ParseError:
        return None
    # C++ refuses what lacks a required field, Python leaves it to the caller.
    return read.SerializeToString() if read.IsInitialized() else None


def protonet_bytes(text: str, message: type[Message]) -> bytes | None:
    """Return what protonet reads, as bytes; None if it refuses the text."""
    try:
        return encode(bind(parse(Source(text)), message))
    except DiagnosticError:
        return None
