"""A whole binary file of Caffe: scanned through a memory map, written piece by piece."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

from protonet.weights import faults
from protonet.weights.atomic import replacing
from protonet.weights.scan import MalformedError, Scanner
from protonet.weights.stored import OpenFile


@contextmanager
def scanning(file: OpenFile) -> Generator[Scanner]:
    """Give the fields of the message that is the whole file.

    Raises:
        DiagnosticError: PN401, the file is empty, or what is scanned is malformed; PN403, it is
            beyond 2 GiB.
    """
    if file.size > faults.BINARY_LIMIT:
        raise faults.too_large(file.path, file.size)
    if not file.size:
        raise faults.corrupt(file.path, "it is empty")
    with mmap(file.descriptor, file.size, access=ACCESS_READ) as data:
        try:
            yield Scanner(data, 0, file.size)
        except MalformedError as error:
            raise faults.corrupt(
                file.path, str(error), "the file is cut short, damaged, or of another format"
            ) from None


def write_binary(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a file that is there whole or not at all; values go out from the memory where they are.

    Raises:
        DiagnosticError: PN403, the pieces are more than 2 GiB; PN408, the file cannot be written.
    """
    size = 0
    with replacing(path) as temporary, temporary.open("wb", buffering=0) as file:
        for piece in pieces:
            size += len(piece)
            if size > faults.BINARY_LIMIT:
                raise faults.too_large(path, size)
            _write(file.fileno(), memoryview(piece))


def _write(descriptor: int, memory: memoryview) -> None:
    while memory:
        memory = memory[os.write(descriptor, memory) :]
