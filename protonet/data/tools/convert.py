"""Images of a list or folder -> LMDB, LevelDB or HDF5, as Caffe's `convert_imageset` writes them.

A conversion that was stopped, even by a `kill -9`, goes on where it was; until it is done, the
folder has another name.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from protonet.data.faults import Fault as DataFault
from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.data.tools.listed import Listed
from protonet.data.tools.parallel import in_order
from protonet.data.tools.picture import PLAIN, Picturing
from protonet.data.tools.stores import (
    KEY_LIMIT,
    Backend,
    Record,
    Writer,
    grouped,
    key_of,
    open_writer,
)
from protonet.data.tools.unfinished import unfinished
from protonet.diagnostics import DiagnosticError

LIST = "list.txt"
"""Of an HDF5 data set: what the `source` of HDF5Data is."""

CLASSES = "classes.txt"
"""In a data set that was made from a folder: the names of the classes, a line each."""


class Bad(NamedTuple):
    """An image that was left out."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """How images are converted.

    Attributes:
        backend: What is written.
        picturing: What is done to each image.
        check_size: Refuse images whose size is not that of the first; of HDF5, always.
        skip: Leave out images that cannot be read, instead of ending there.
    """

    backend: Backend = Backend.LMDB
    picturing: Picturing = PLAIN
    check_size: bool = False
    skip: bool = True

    @property
    def one_size(self) -> bool:
        """Whether all images must have one size."""
        return self.check_size or self.backend is Backend.HDF5


class Converted(NamedTuple):
    """What was done.

    Attributes:
        written: How many images the data set has.
        before: How many of them a conversion that was stopped had written.
        bad: The images that were left out.
        source: What a prototxt names.
    """

    written: int
    before: int
    bad: Sequence[Bad]
    source: Path


def convert(
    listed: Listed,
    out: Path,
    conversion: Conversion,
    *,
    restart: bool = False,
    threads: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Converted:
    """Write a data set.

    The key of an image is its number in the list and its name. An image that is left out leaves a
    gap in the numbers, as in Caffe.

    Args:
        listed: The images.
        out: The folder to make.
        conversion: How.
        restart: Do not go on with what was left of a conversion that was stopped.
        threads: That decode; one a processor if not given.
        progress: Is told how many images are done.

    Raises:
        DiagnosticError: PN408, it cannot be written; PN506, an image cannot be read; PN540, the
            folder exists; PN541, sizes differ; PN542, no image can be read; PN545, another
            conversion was stopped there.
    """
    with unfinished(out, _plan(listed, conversion), restart=restart) as folder:
        with closing(open_writer(conversion.backend, folder)) as writer:
            run = _Run(listed, conversion, writer)
            run.go(threads, progress)
        if not run.written:
            raise _none(listed, run.bad)
        source = _describe(listed, folder, out, conversion.backend)
    return Converted(run.written, run.before, run.bad, source)


class _Run:
    """One conversion while it runs."""

    def __init__(self, listed: Listed, conversion: Conversion, writer: Writer) -> None:
        self._listed = listed
        self._conversion = conversion
        self._writer = writer
        self._there = writer.numbers()
        self._first: Record | None = None
        self.before = self.written = len(self._there)
        self.bad: list[Bad] = []

    def go(self, threads: int | None, progress: Callable[[int], None]) -> None:
        """Convert what is not there yet."""
        progress(self.before)
        there = set(self._there)
        if there and self._conversion.one_size:
            self._first = self._record(self._there[0])
        # What was left out is tried again, and thus counted again.
        numbers = (at for at in range(len(self._listed.entries)) if at not in there)
        records = self._good(in_order(self._tried, numbers, threads), progress)
        for group in grouped(records, self._writer.limit, _bytes):
            self._writer.write(group)
            self.written += len(group)

    def _good(
        self, results: Iterable[Record | Bad], progress: Callable[[int], None]
    ) -> Iterator[Record]:
        for result in results:
            progress(1)
            if isinstance(result, Bad):
                self._leave_out(result)
            else:
                self._compare(result)
                yield result

    def _leave_out(self, bad: Bad) -> None:
        if not self._conversion.skip:
            raise fault(
                DataFault.IMAGE,
                f"cannot read the image `{self._listed.root}{bad.name}`: {bad.why}",
                help="`--on-bad-image skip` leaves such images out; the same command goes on here",
                file=self._listed.path,
            )
        self.bad.append(bad)

    def _compare(self, record: Record) -> None:
        if not self._conversion.one_size:
            return
        self._first = self._first or record
        shape, other = self._first.pixels.shape, record.pixels.shape
        if shape != other:
            raise fault(
                Fault.SIZES,
                f"the images `{_name(self._first)}` and `{_name(record)}` differ in size:"
                f" {shape} and {other}",
                help="give all one size by `--resize HEIGHTxWIDTH`",
                file=self._listed.path,
            )

    def _tried(self, number: int) -> Record | Bad:
        try:
            return self._record(number)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
        except ValueError as error:
            why = str(error)
        return Bad(self._listed.entries[number].name, why)

    def _record(self, number: int) -> Record:
        name, label = self._listed.entries[number]
        key = key_of(number, name)
        if len(key) > KEY_LIMIT:
            raise ValueError(f"its key would have {len(key)} bytes, and LMDB takes {KEY_LIMIT}")
        file = self._listed.file(number).read_bytes()
        picturing = self._conversion.picturing
        pixels = picturing.pixels(file)
        datum = b""
        if self._conversion.backend is not Backend.HDF5:
            datum = picturing.datum(file, name, pixels, label)
        return Record(number, key, label, pixels, datum)


def _bytes(record: Record) -> int:
    return record.pixels.nbytes + len(record.datum)


def _name(record: Record) -> str:
    return record.key.partition(b"_")[2].decode(errors="replace")


def _plan(listed: Listed, conversion: Conversion) -> dict[str, object]:
    """Return what must be the same for a conversion to go on, by the name of its option."""
    names = json.dumps([listed.root, *listed.entries]).encode()
    picturing = conversion.picturing
    return {
        "list": hashlib.sha256(names).hexdigest(),
        "--backend": conversion.backend,
        "--gray": picturing.gray,
        "--resize": picturing.resize,
        "--encode-type": picturing.encode,
    }


def _describe(listed: Listed, folder: Path, out: Path, backend: Backend) -> Path:
    """Write what goes with the records; return what a prototxt names."""
    if listed.classes:
        text = "".join(f"{name}\n" for name in listed.classes)
        (folder / CLASSES).write_text(text, encoding="utf-8", errors="surrogateescape")
    if backend is not Backend.HDF5:
        return out
    files = sorted(path.name for path in folder.glob("*.h5"))
    text = "".join(f"{out / name}\n" for name in files)
    (folder / LIST).write_text(text, encoding="utf-8", errors="surrogateescape")
    return out / LIST


def _none(listed: Listed, bad: Sequence[Bad]) -> DiagnosticError:
    name, why = bad[0]
    return fault(
        Fault.NO_IMAGES,
        f"none of the {len(bad):,} images of `{listed.path}` can be read;"
        f" `{listed.root}{name}`: {why}",
        help="paths count from the working directory or from the list; `--root images/` goes before"
        " each",
        file=listed.path,
    )
