"""`.pth`, `.safetensors` and `.npz`: tensors by key.

Ours are called ``conv1/0``, by layer and blob index. torch's own names are read too:
``conv1.weight`` is blob 0 and ``conv1.bias`` blob 1; of a torch BatchNorm, mean and variance are
Caffe's first two blobs and the third, by which Caffe divides them, is 1. Its weight and bias become
a layer of their own, ``bn1 (affine)``: the Scale layer that follows in Caffe's nets.
"""

import pickle
import re
import struct
import warnings
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file  # pyright: ignore[reportUnknownVariableType] # `PathLike` of what

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.shape import count
from protonet.weights import faults
from protonet.weights.atomic import replacing
from protonet.weights.stored import AFFINE, ArrayBlob, OpenFile, StoredLayer, StoredLayers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OURS = re.compile(r"(?P<layer>.+)/(?P<index>\d{1,4})")
_TORCH_NAMES = {"weight": 0, "bias": 1}
_BATCH_NORM_NAMES = {"running_mean": 0, "running_var": 1}
_COUNTER = "num_batches_tracked"
_WRAPPERS = ("state_dict", "model")
_PARALLEL = "module."

# A damaged pickle can raise nearly anything while it is read.
_LOAD_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def read_pth(path: Path) -> StoredLayers:
    """Read a ``state_dict``, alone or under ``state_dict`` or ``model``; no code in it is run.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401, it is damaged or holds no tensors;
            PN410, it would run code.
    """
    file = OpenFile(path)
    try:
        loaded = _unpickled(path)
    except _LOAD_FAULTS as error:
        raise _unloadable(path, str(error)) from None
    blobs = {name: _tensor_blob(tensor) for name, tensor in _state_dict(loaded)}
    if not blobs:
        raise faults.corrupt(file.path, "it holds no tensors by name")
    return _stored(file.path, blobs)


def _unpickled(path: Path) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch says of odd files ends in a diagnostic or well
        return torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )


def _unloadable(path: Path, reason: str) -> DiagnosticError:
    if "global" not in reason.lower():
        return faults.corrupt(path, reason.strip().split("\n")[0] or "torch cannot read it")
    return DiagnosticError(
        [
            Diagnostic(
                "PN410",
                f"`{path.name}` holds more than tensors: reading it would run code",
                help="if you trust it, save its `state_dict()` with `torch.save` and give that",
                file=str(path),
            )
        ]
    )


def _state_dict(loaded: object) -> Iterator[tuple[str, torch.Tensor]]:
    found = _entries(loaded)
    wrapped = next((found[key] for key in _WRAPPERS if isinstance(found.get(key), dict)), None)
    if wrapped is not None:
        yield from _state_dict(wrapped)
        return
    for name, value in found.items():
        if isinstance(value, torch.Tensor):
            yield name, value


def _entries(loaded: object) -> dict[str, object]:
    entries = cast("dict[object, object]", loaded) if isinstance(loaded, dict) else {}  # checked
    return {name: value for name, value in entries.items() if isinstance(name, str)}


def _tensor_blob(tensor: torch.Tensor) -> ArrayBlob:
    def array() -> "NDArray[np.float32]":
        return tensor.detach().to(torch.float32).numpy()

    return ArrayBlob(tuple(tensor.shape), array)


def read_safetensors(path: Path) -> StoredLayers:
    """Find the tensors of a ``.safetensors``; their values are not read yet.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401, it is damaged.
    """
    file = OpenFile(path)
    try:
        opened = safetensors.safe_open(path, framework="pt")
        keys = sorted(cast("list[str]", opened.keys()), key=_natural)  # safetensors is not typed
        shapes = cast(
            "list[list[int]]", [opened.get_slice(key).get_shape() for key in keys]
        )  # nor here
    except (safetensors.SafetensorError, OSError) as error:
        raise faults.corrupt(file.path, str(error)) from None
    blobs = {
        key: ArrayBlob(tuple(shape), partial(_safetensor, opened, key))
        for key, shape in zip(keys, shapes, strict=True)
    }
    return _stored(file.path, blobs)


def _natural(key: str) -> list[str | int]:
    """Sort `features.2` before `features.10`: the format keeps no order of its own."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", key)]


def _safetensor(opened: safetensors.safe_open, key: str) -> "NDArray[np.float32]":
    tensor = cast("torch.Tensor", opened.get_tensor(key))  # safetensors is not typed
    return tensor.to(torch.float32).numpy()


def read_npz(path: Path) -> StoredLayers:
    """Find the arrays of a ``.npz``; their values are not read yet.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401, it is damaged; PN404, values that
            are no floats.
    """
    file = OpenFile(path)
    try:
        with zipfile.ZipFile(path) as members:
            blobs = {
                info.filename.removesuffix(".npy"): _npy_blob(file, members, info)
                for info in members.infolist()
            }
    except _LOAD_FAULTS as error:
        raise faults.corrupt(file.path, str(error)) from None
    return _stored(file.path, blobs)


def is_npz(path: Path) -> bool:
    """Tell whether a zip archive is numpy's; those of torch have a pickle in them."""
    try:
        with zipfile.ZipFile(path) as members:
            return all(name.endswith(".npy") for name in members.namelist())
    except _LOAD_FAULTS:
        return path.suffix == ".npz"


def _npy_blob(file: OpenFile, members: zipfile.ZipFile, info: zipfile.ZipInfo) -> ArrayBlob:
    with members.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0
        shape, fortran, dtype = (
            header(stream) if version == (1, 0) else np.lib.format.read_array_header_2_0(stream)
        )
        start = stream.tell()
    if dtype.kind not in "fiu":
        raise faults.unknown_values(file.path, f"`{info.filename}`", f"numpy `{dtype}`")
    if count(shape) * dtype.itemsize != info.file_size - start:
        stored = (info.file_size - start) // dtype.itemsize
        raise faults.wrong_count(file.path, f"`{info.filename}`", shape, stored)

    def array() -> "NDArray[np.float32]":
        try:
            with zipfile.ZipFile(file.path) as opened, opened.open(info.filename) as stream:
                values = np.frombuffer(stream.read()[start:], dtype)
        except _LOAD_FAULTS as error:
            raise faults.corrupt(file.path, str(error)) from None
        return values.reshape(shape, order="F" if fortran else "C").astype(np.float32)

    return ArrayBlob(shape, array)


def _stored(path: Path, blobs: Mapping[str, ArrayBlob]) -> StoredLayers:
    prefix = _PARALLEL if all(key.startswith(_PARALLEL) for key in blobs) else ""
    names = {key.removeprefix(prefix): blob for key, blob in blobs.items()}
    layers: defaultdict[str, dict[int, ArrayBlob]] = defaultdict(dict)
    for name, blob in names.items():
        for layer, index, value in _homes(name, blob, names):
            if layer.endswith(AFFINE):
                _ = layers[layer.removesuffix(AFFINE)]  # it comes first, as in Caffe's nets
            layers[layer][index] = value
    found = tuple(StoredLayer(layer, values) for layer, values in layers.items())
    return StoredLayers(path, found, owners_only=True, foreign=not any(map(_OURS.fullmatch, names)))


def _homes(
    name: str, blob: ArrayBlob, names: Mapping[str, ArrayBlob]
) -> Iterator[tuple[str, int, ArrayBlob]]:
    """Yield layer and index of what a tensor gives; a key that tells none is taken for a layer."""
    if ours := _OURS.fullmatch(name):
        yield ours["layer"], int(ours["index"]), blob
        return
    layer, _, last = name.rpartition(".")
    if last in _TORCH_NAMES and layer:
        normalises = f"{layer}.running_mean" in names
        yield (f"{layer}{AFFINE}" if normalises else layer), _TORCH_NAMES[last], blob
    elif last in _BATCH_NORM_NAMES and layer:
        yield layer, _BATCH_NORM_NAMES[last], blob
        if last == "running_mean":
            yield layer, 2, ArrayBlob((1,), lambda: np.ones(1, np.float32))
    elif last != _COUNTER:
        yield name, 0, blob


def write_pth(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write a ``state_dict`` that ``torch.load`` reads.

    Raises:
        DiagnosticError: PN408, it cannot be written; what stood at ``path`` is untouched.
    """
    with replacing(path) as temporary, _torch_writes():
        torch.save(dict(tensors), temporary)


def write_safetensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write a ``.safetensors``.

    Raises:
        DiagnosticError: PN408, it cannot be written; what stood at ``path`` is untouched.
    """
    with replacing(path) as temporary, _torch_writes():
        save_file(dict(tensors), temporary, {"format": "pt"})


def write_npz(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write a ``.npz``, not compressed.

    Raises:
        DiagnosticError: PN408, it cannot be written; what stood at ``path`` is untouched.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        arrays = {key: tensor.numpy() for key, tensor in tensors.items()}
        np.savez(file, allow_pickle=False, **arrays)


@contextmanager
def _torch_writes() -> Generator[None]:
    """Turn what these libraries raise where a disk is full or a folder missing into OSError."""
    try:
        yield
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise OSError(0, str(error).strip().split("\n")[0]) from None
