"""HDF5, Caffe's other format of snapshots: `.caffemodel.h5` and `.solverstate.h5`.

data/<layer>/<blob index>                           weights; a shared blob under its owner only
iter  current_step  learned_net  history/<index>    solver state
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np

from protonet.shape import count
from protonet.weights import faults
from protonet.weights.hdf5_file import created
from protonet.weights.scan import encode_text
from protonet.weights.stored import (
    ArrayBlob,
    Blob,
    FileBlob,
    OpenFile,
    Run,
    StoredLayer,
    StoredLayers,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    _Layers: TypeAlias = Iterable[tuple[str, Mapping[int, NDArray[np.float32]]]]

    class _Link(Protocol):
        type: int

    class _Links(Protocol):
        def exists(self, name: bytes) -> bool: ...
        def get_info(self, name: bytes) -> _Link: ...


_HARD = 0  # h5py.h5l.TYPE_HARD

MAX_RATIO = 1100
"""Bytes that one stored byte can become: deflate reaches no more, so a file that says so lies."""


def read_hdf5(path: Path | str) -> StoredLayers:
    """Find the layers and blobs of a ``.caffemodel.h5``; values stored plainly are not read yet.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401, it is no such file, cut short or
            damaged; PN402, a blob's values do not fill its shape; PN404, values that are no floats.
    """
    file = OpenFile(Path(path))
    with _opened(file) as root:
        layers = tuple(_layers(file, _group(file, root, "data"), ""))
    return StoredLayers(file.path, layers, owners_only=True)


def _layers(file: OpenFile, group: h5py.Group, name: str) -> Iterator[StoredLayer]:
    """Yield the layers below a group: a layer called ``a/b`` is a group within a group."""
    blobs: dict[int, Blob] = {}
    groups: list[tuple[str, h5py.Group]] = []
    for key in _keys(group):
        member = _member(file, group, key)
        if isinstance(member, h5py.Group):
            groups.append((key, member))
        elif key.isdecimal() and name:
            blobs[int(key)] = _blob(file, member, f"blob {key} of layer `{name}`")
        else:
            raise faults.corrupt(file.path, f"`{group.name}/{key}` is no layer's blob")
    if name and (blobs or not groups):
        yield StoredLayer(name, blobs)
    for key, inner in groups:
        yield from _layers(file, inner, f"{name}/{key}" if name else key)


def _keys(group: h5py.Group) -> list[str]:
    keys = cast("Iterable[str | bytes]", group.keys())  # bytes that are no UTF-8
    return [key if isinstance(key, str) else key.decode(errors="surrogateescape") for key in keys]


def _member(file: OpenFile, group: h5py.Group, key: str) -> h5py.Group | h5py.Dataset:
    """Return a member that stands in the file itself; links may lead to any file of the machine."""
    name = encode_text(key)
    member = cast("object", group.get(name)) if _is_own(group, name) else None  # h5py has no types
    if not isinstance(member, h5py.Group | h5py.Dataset):
        raise faults.corrupt(file.path, f"it has no `{key}` of its own in `{group.name}`")
    return member


def _is_own(group: h5py.Group, name: bytes) -> bool:
    # Not by `get(getlink=True)`, which takes no bytes that are no UTF-8.
    links = cast("_Links", group.id.links)  # h5py has no types
    return links.exists(name) and links.get_info(name).type == _HARD


def _group(file: OpenFile, root: h5py.Group, key: str) -> h5py.Group:
    member = _member(file, root, key)
    if not isinstance(member, h5py.Group):
        raise faults.corrupt(file.path, f"its `{key}` is no group")
    return member


def _dataset(file: OpenFile, group: h5py.Group, key: str) -> h5py.Dataset:
    member = _member(file, group, key)
    if not isinstance(member, h5py.Dataset):
        raise faults.corrupt(file.path, f"its `{key}` is no dataset")
    return member


def _blob(file: OpenFile, dataset: h5py.Dataset, blob: str) -> Blob:
    shape = cast("tuple[int, ...]", dataset.shape or ())  # h5py does not say what a shape is
    dtype = cast("np.dtype[np.generic]", dataset.dtype)  # nor what a dtype is
    if dtype.kind not in "fiu" or dataset.external or dataset.is_virtual:
        raise faults.unknown_values(file.path, blob, f"HDF5 `{dtype}`")
    offset = cast("int | None", dataset.id.get_offset())  # None unless it is in one piece
    stored = cast("int", dataset.id.get_storage_size())
    size = count(shape) * dtype.itemsize
    if offset is not None and size == stored and offset + size <= file.size:
        return FileBlob(file, shape, (Run(offset, count(shape), dtype.str, dtype.itemsize),))
    if size > MAX_RATIO * min(stored, file.size):
        raise faults.wrong_count(file.path, blob, shape, stored // dtype.itemsize)
    # In chunks, perhaps compressed: read now, so that damage is found before a net is touched.
    return ArrayBlob(shape, _values(dataset).__array__)


def _values(dataset: h5py.Dataset) -> "NDArray[np.float32]":
    return np.asarray(dataset, np.float32)


def write_hdf5(path: Path | str, layers: "_Layers", diffs: "_Layers | None" = None) -> None:
    """Write a ``.caffemodel.h5``: each layer's name and the blobs that it owns, and their diffs.

    Raises:
        DiagnosticError: PN408, it cannot be written; what stood at ``path`` is untouched.
    """
    with created(Path(path)) as root:
        for name, pairs in (("data", layers), ("diff", diffs)):
            if pairs is not None:
                _fill(root.create_group(name), pairs)


def _fill(root: h5py.Group, layers: "_Layers") -> None:
    for name, blobs in layers:
        key = encode_text(name)
        try:  # `require_group` takes no bytes that are no UTF-8
            group = root.create_group(key)
        except ValueError:  # it is there: a layer `a/b` came before `a`
            group = cast("h5py.Group", root[key])
        for index, array in blobs.items():
            group.create_dataset(str(index), data=array, dtype="<f4")


def read_state(path: Path) -> "tuple[int, str, int, tuple[NDArray[np.float32], ...]]":
    """Return iter, learned_net, current_step and history of a ``.solverstate.h5``.

    Raises:
        DiagnosticError: as ``read_hdf5``.
    """
    file = OpenFile(path)
    with _opened(file) as root:
        iteration, step = (_integer(file, root, key) for key in ("iter", "current_step"))
        learned_net = _text(file, root, "learned_net")
        group = _group(file, root, "history")
        blobs = [
            _blob(file, _dataset(file, group, str(index)), f"history blob {index}")
            for index in range(len(_keys(group)))
        ]
    return iteration, learned_net, step, tuple(blob.array() for blob in blobs)


def _integer(file: OpenFile, root: h5py.Group, key: str) -> int:
    dataset = _dataset(file, root, key)
    if dataset.dtype.kind not in "iu" or dataset.size != 1:
        raise faults.corrupt(file.path, f"its `{key}` is no integer")
    return int(np.asarray(dataset).item())


def _text(file: OpenFile, root: h5py.Group, key: str) -> str:
    dataset = _dataset(file, root, key)
    if h5py.check_string_dtype(dataset.dtype) is None or dataset.size != 1:
        raise faults.corrupt(file.path, f"its `{key}` is no text")
    value: object = np.asarray(dataset).item()
    assert isinstance(value, bytes)
    return value.decode("utf-8", errors="surrogateescape")


def write_state(
    path: Path,
    iteration: int,
    learned_net: str,
    current_step: int,
    history: "Sequence[NDArray[np.float32]]",
) -> None:
    """Write a ``.solverstate.h5``.

    Raises:
        DiagnosticError: PN408, it cannot be written; what stood at ``path`` is untouched.
    """
    name = encode_text(learned_net)
    with created(path) as root:
        root.create_dataset("iter", data=[iteration], dtype="<i4")
        # Caffe reads the text as C does (H5LTread_dataset_string): it needs a zero at its end.
        root.create_dataset("learned_net", data=np.array(name, f"S{len(name) + 1}"))
        root.create_dataset("current_step", data=[current_step], dtype="<i4")
        group = root.create_group("history")
        for index, array in enumerate(history):
            group.create_dataset(str(index), data=array, dtype="<f4")


@contextmanager
def _opened(file: OpenFile) -> Generator[h5py.File]:
    """Open with h5py, whose complaints about damage become a diagnostic."""
    try:
        with h5py.File(file.path, "r") as root:
            yield root
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise faults.corrupt(
            file.path, f"HDF5 says: {reason}", "the file is cut short, damaged, or no HDF5 file"
        ) from None
