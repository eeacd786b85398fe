"""`load_weights` and `save_weights`: files of any format into a net, and back."""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.message import wire
from protonet.shape import Shape
from protonet.spec.net import LayerParameter
from protonet.weights import faults, torch_files
from protonet.weights.caffemodel import LayerRecord, write_caffemodel
from protonet.weights.copying import copy
from protonet.weights.fit import forms
from protonet.weights.formats import read
from protonet.weights.loading import Loading, check_rules
from protonet.weights.match import Match, match, merge
from protonet.weights.names import Wanted, named
from protonet.weights.stored import StoredLayers


class Net(Protocol):
    """What has weights; ``protonet.Net`` is one."""

    @property
    def name(self) -> str:
        """The net's name in its file."""
        ...

    @property
    def params(self) -> Mapping[str, Sequence[Tensor]]:
        """Each layer's blobs in Caffe's order; a shared one is the same object for all layers."""
        ...

    @property
    def layer_messages(self) -> Sequence[LayerParameter]:
        """The layers that the phase and stage rules left, in file order."""
        ...

    @property
    def owners(self) -> Container[tuple[str, int]]:
        """Layer and index of each blob that is not another layer's."""
        ...


Diffs: TypeAlias = Mapping[int, Tensor]
"""What stands beside each blob's values, by its id; of the tensor's shape."""
Writer: TypeAlias = Callable[[Net, Path, Diffs | None], None]


def load_weights(
    net: Net,
    path: str | Path | Sequence[str | Path],
    *,
    strict: bool = False,
    by_order: bool = False,
    adapt: Mapping[str, str] | None = None,
    rename: Mapping[str, str] | None = None,
    reinit: str | Iterable[str] = (),
) -> Match[Tensor]:
    """Copy the weights of a file into a net, by layer name as Caffe does.

    The format is told by the first bytes, then by the extension: ``.caffemodel`` of any age,
    ``.h5``, ``.pth``, ``.safetensors``, ``.npz``. Nothing is copied unless all that is to be copied
    fits and can be read. torchvision's VGG-16, ResNet-18 and ResNet-50 go into the zoo nets that
    are written in their layout.

    Args:
        net: The net.
        path: A file; or several, in a list or with commas between them: later ones overwrite
            earlier ones.
        strict: Refuse blobs of the net that no file has, and layers of a file that the net does not
            have.
        by_order: Match layers by their order and shapes instead of their names.
        adapt: What to do with a layer that has other classes than the file, by the layer's name or
            a pattern: ``{"fc8": "first"}`` takes the first of a file that has more, ``"pad"`` fills
            the first of a net that has more.
        rename: Layers of the file and what they are called in the net: ``{"fc8": "fc8_birds"}``.
        reinit: Layers, or patterns of some, that keep what they hold.

    Returns:
        What was loaded and how, what was not used, and what keeps its filler's values.

    Raises:
        DiagnosticError: PN021, a file cannot be read; PN401 to PN404 and PN410, it is damaged;
            PN405, PN406, PN413, a layer's blobs do not fit; PN407, ``strict`` refuses it; PN411,
            PN412, a rule is wrong; PN414 to PN416, the file is of another net.
    """
    loading = Loading.of(
        strict=strict, by_order=by_order, adapt=adapt, rename=rename, reinit=reinit
    )
    found = plan(net, path, loading)
    copy(found)
    return found


def plan(
    net: Net,
    path: str | Path | Sequence[str | Path],
    loading: Loading,
    *,
    check: bool = True,
) -> Match[Tensor]:
    """Find out what `load_weights` would copy, and copy nothing.

    Args:
        net: The net.
        path: The files.
        loading: The rules.
        check: Refuse rules that are about nothing.

    Raises:
        DiagnosticError: as `load_weights`.
    """
    files = [read(each) for each in _paths(path)]
    if check:
        _raise(check_rules(loading, net.params, [each.name for f in files for each in f.layers]))
    found = compare(net, files, loading)
    problems = [bad.diagnostic() for bad in found.mismatched]
    _raise([*problems, *(found.lacking() if loading.strict else ())])
    return found


def compare(net: Net, files: Sequence[StoredLayers], loading: Loading) -> Match[Tensor]:
    """Hold files against a net; what does not fit is a part of the result.

    Raises:
        DiagnosticError: PN414 to PN416, a file is of another net.
    """
    target = {message.name: () for message in net.layer_messages} | dict(net.params)
    wanted = Wanted(net.layer_messages, _own_shapes(net), forms(net.layer_messages, loading))
    return merge(
        [
            match(
                target,
                named(file, wanted, loading),
                owners=net.owners,
                forms=wanted.forms,
                leaves=loading.leaves,
            )
            for file in files
        ]
    )


def _raise(problems: Iterable[Diagnostic]) -> None:
    problems = list(problems)
    if problems:
        raise DiagnosticError(problems)


def _own_shapes(net: Net) -> dict[str, dict[int, Shape]]:
    return {
        layer: {i: tuple(blob.shape) for i, blob in blobs.items()}
        for layer, blobs in _owned(net).items()
    }


def _paths(path: str | Path | Sequence[str | Path]) -> list[Path]:
    if isinstance(path, Path):
        return [path]
    if isinstance(path, str):
        whole = os.path.exists(path)  # noqa: PTH110 # unlike Path.exists it never raises
        path = [path] if whole else [part.strip() for part in path.split(",")]
    return [Path(each) for each in path]


def save_weights(net: Net, path: str | Path, *, diffs: Diffs | None = None) -> None:
    """Write a net's weights; the extension says how.

    ``.caffemodel`` and ``.h5`` are Caffe's own formats. ``.pth``, ``.safetensors`` and ``.npz``
    hold a tensor a blob under ``<layer>/<index>``; a shared blob stands under its owner, in
    ``.caffemodel`` under every layer.

    Raises:
        DiagnosticError: PN403, a ``.caffemodel`` would be larger than 2 GiB; PN408, the file cannot
            be written (what stood there before is untouched); PN409, the extension is none of
            these.
    """
    path = Path(path)
    _writer(path)(net, path, diffs)


def check_target(path: str | Path) -> None:
    """Refuse a name that `save_weights` could not write: better told before a training than after.

    Raises:
        DiagnosticError: PN408, its folder is not there or may not be written to; PN409, the
            extension says no format.
    """
    path = Path(path)
    _writer(path)
    try:
        NamedTemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise faults.unwritable(path, error) from None


def _writer(path: Path) -> Writer:
    writer = _WRITERS.get(path.suffix)
    if writer is None:
        raise DiagnosticError([_unknown_extension(path)])
    return writer


def _unknown_extension(path: Path) -> Diagnostic:
    known = ", ".join(f"`{suffix}`" for suffix in _WRITERS)
    return Diagnostic(
        "PN409",
        f"`{path.name}` has an extension that names no format of weights",
        help=did_you_mean(path.suffix, _WRITERS) or f"known are {known}",
        file=str(path),
    )


def _write_caffemodel(net: Net, path: Path, diffs: Diffs | None) -> None:
    params = net.params
    records = (
        LayerRecord(
            wire.encode(message),
            map(_array, blobs),
            None if diffs is None else _arrays_of(diffs, blobs),
        )
        for message in net.layer_messages
        for blobs in [params.get(message.name, ())]
    )
    write_caffemodel(path, net.name, records)


def _write_hdf5(net: Net, path: Path, diffs: Diffs | None) -> None:
    from protonet.weights.hdf5 import write_hdf5  # noqa: PLC0415 # importing h5py takes its time

    owned = _owned(net)
    write_hdf5(
        path,
        (
            (message.name, {i: _array(blob) for i, blob in owned.get(message.name, {}).items()})
            for message in net.layer_messages
        ),
        None
        if diffs is None
        else (
            (layer, dict(zip(blobs, _arrays_of(diffs, blobs.values()), strict=True)))
            for layer, blobs in owned.items()
        ),
    )


def _arrays_of(diffs: Diffs, blobs: Iterable[Tensor]) -> Iterator[NDArray[np.float32]]:
    # A blob that another layer owns in another shape is a view of that one.
    whole = (blob if id(blob) in diffs else blob._base for blob in blobs)  # noqa: SLF001 # torch has no public name for it
    return (_array(diffs[id(blob)]) for blob in whole)


def _owned(net: Net) -> dict[str, dict[int, Tensor]]:
    """Return each layer's blobs that are no other layer's."""
    owners = net.owners
    return {
        layer: {i: blob for i, blob in enumerate(blobs) if (layer, i) in owners}
        for layer, blobs in net.params.items()
    }


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().to("cpu", torch.float32).contiguous().numpy()


def _tensors(net: Net) -> dict[str, Tensor]:
    return {
        f"{layer}/{index}": _alone(blob.detach().cpu().contiguous())
        for layer, blobs in _owned(net).items()
        for index, blob in blobs.items()
    }


def _alone(tensor: Tensor) -> Tensor:
    """Return a tensor that is all of its storage: torch would save the rest with it."""
    return tensor if tensor.untyped_storage().nbytes() == tensor.nbytes else tensor.clone()


_WRITERS: Mapping[str, Writer] = {
    ".caffemodel": _write_caffemodel,
    ".h5": _write_hdf5,
    ".pth": lambda net, path, _: torch_files.write_pth(path, _tensors(net)),
    ".safetensors": lambda net, path, _: torch_files.write_safetensors(path, _tensors(net)),
    ".npz": lambda net, path, _: torch_files.write_npz(path, _tensors(net)),
}
