"""Weights from one format to another, without a net wherever the file says enough."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.message import wire
from protonet.shape import Shape, count
from protonet.spec.net import LayerParameter
from protonet.weights import torch_files
from protonet.weights.caffemodel import LayerRecord, write_caffemodel
from protonet.weights.formats import read
from protonet.weights.load import load_weights, save_weights
from protonet.weights.stored import Blob, StoredLayer, StoredLayers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from protonet.net import Net

_WITH_KERNELS = frozenset({"Convolution", "Deconvolution", "ConvolutionDepthwise"})


def convert_weights(source: Path, target: Path, net: "Net | None" = None) -> list[str]:
    """Write the weights of a file in the format that another's name says.

    Args:
        source: A file of any format.
        target: What to write: ``.caffemodel``, ``.h5``, ``.pth``, ``.safetensors`` or ``.npz``.
        net: The net that they are of. A file whose names are torch's needs it; with it, exactly the
            net's blobs are written, in its shapes, and shared ones once.

    Returns:
        What was done, line by line.

    Raises:
        DiagnosticError: PN4xx, a file is at fault; PN804, the file alone does not say which layer a
            tensor is of.
    """
    if net is not None:
        report = load_weights(net, source).report()
        save_weights(net, target)
        return [report]
    stored = read(source)
    if stored.foreign or not all(layer.name for layer in stored.layers):
        raise DiagnosticError([_needs_net(source)])
    layers = [layer for layer in stored.layers if layer.blobs]
    _WRITERS[target.suffix.removeprefix(".")](target, stored, layers)
    blobs = sum(len(layer.blobs) for layer in layers)
    return [f"{target}: {len(layers)} layers, {blobs} blobs"]


def _needs_net(source: Path) -> Diagnostic:
    return Diagnostic(
        "PN804",
        "the names of its tensors are not Caffe's: only a net tells which layers they are of",
        help="name the net, too: `protonet convert --to caffemodel --weights FILE NET`",
        file=str(source),
    )


def modern_shape(kind: str, index: int, blob: Blob) -> Shape:
    """Return the shape that today's Caffe gives a blob of an old file.

    Until November 2014 every blob had four axes: a bias (1, 1, 1, N), the weights of InnerProduct
    (1, 1, N, K). Only kernels have four today.
    """
    if not blob.legacy or (kind in _WITH_KERNELS and index == 0):
        return blob.shape
    rest = list(blob.shape)
    least = 2 if kind == "InnerProduct" and index == 0 else 1
    while len(rest) > least and rest[0] == 1:
        del rest[0]
    return tuple(rest)


def _arrays(layer: StoredLayer) -> "Iterator[tuple[int, NDArray[np.float32]]]":
    for index, blob in sorted(layer.blobs.items()):
        shape = modern_shape(layer.type, index, blob)
        assert count(shape) == count(blob.shape)
        yield index, blob.array().reshape(shape)


def _caffemodel(path: Path, stored: StoredLayers, layers: list[StoredLayer]) -> None:
    records = (
        LayerRecord(
            wire.encode(LayerParameter(name=layer.name, type=layer.type)),
            (array for _, array in _arrays(layer)),
        )
        for layer in layers
    )
    write_caffemodel(path, stored.name, records)


def _hdf5(path: Path, _: StoredLayers, layers: list[StoredLayer]) -> None:
    from protonet.weights.hdf5 import write_hdf5  # noqa: PLC0415 # importing h5py takes its time

    write_hdf5(path, ((layer.name, dict(_arrays(layer))) for layer in layers), None)


def _tensors(layers: list[StoredLayer]) -> Mapping[str, torch.Tensor]:
    return {
        f"{layer.name}/{index}": torch.from_numpy(array)
        for layer in layers
        for index, array in _arrays(layer)
    }


_WRITERS: Mapping[str, Callable[[Path, StoredLayers, list[StoredLayer]], None]] = {
    "caffemodel": _caffemodel,
    "h5": _hdf5,
    "pth": lambda path, _, layers: torch_files.write_pth(path, _tensors(layers)),
    "safetensors": lambda path, _, layers: torch_files.write_safetensors(path, _tensors(layers)),
    "npz": lambda path, _, layers: torch_files.write_npz(path, _tensors(layers)),
}

FORMATS = tuple(_WRITERS)
"""What weights are written as; each is an extension, too."""
