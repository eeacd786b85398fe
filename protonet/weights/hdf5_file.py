"""HDF5 files that are there whole or not at all.

The library itself does not survive a full disk: it ends the process when it closes the file. So it
writes through a Python file that keeps the first error, and takes everything from then on.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none

from protonet.weights.atomic import replacing


@contextmanager
def created(path: Path) -> Generator[h5py.File]:
    """Give a new HDF5 file, which takes the place of ``path`` when the block ends well.

    Raises:
        DiagnosticError: PN408, it cannot be written; what stood at ``path`` is untouched.
    """
    with replacing(path) as temporary, temporary.open("w+b", buffering=0) as file:
        sink = Sink(file)
        with h5py.File(sink, "w") as root:
            yield root
        if sink.error:
            raise sink.error


class Sink:
    """What h5py asks of a file object."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: memoryview) -> int:
        """Write all of it, or keep why not."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest and self.error is None:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.error = error
        return size

    def read(self, size: int) -> bytes:
        """Read what was written, zeros where that failed."""
        return self._file.read(size).ljust(size, b"\0")

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def truncate(self, size: int | None = None) -> int:
        """Give the file a size, or keep why not."""
        try:
            return self._file.truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0

    def flush(self) -> None:
        """Everything is written at once."""
