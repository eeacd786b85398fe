"""Values from files into parameters."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import increment_version

from protonet.weights.match import Match, Pair
from protonet.weights.stored import ArrayBlob, FileBlob, read_blobs


def copy(found: Match[Tensor]) -> None:
    """Copy every paired blob into its parameter, on whatever device that is.

    Raises:
        DiagnosticError: PN401, a file has become shorter since it was opened.
    """
    pairs = _lasting(found.pairs)
    # What a library reads may turn out damaged only then: before anything is copied.
    arrays = {id(p): p.stored.array() for p in pairs if isinstance(p.stored, ArrayBlob)}
    straight: list[tuple[FileBlob, NDArray[np.float32]]] = []
    for pair in pairs:
        assert not pair.target.is_meta
        if isinstance(pair.stored, FileBlob) and pair.part is None and _is_plain(pair.target):
            straight.append((pair.stored, pair.target.detach().numpy()))
            increment_version(pair.target)
    read_blobs(straight)
    done = {id(blob) for blob, _ in straight}
    for pair in pairs:
        if id(pair.stored) not in done:
            array = arrays.get(id(pair))
            _copy_one(pair, pair.stored.array() if array is None else array)


def _lasting(pairs: Iterable[Pair[Tensor]]) -> list[Pair[Tensor]]:
    """Return the pairs less those that a later one overwrites: Caffe copies one after another."""
    found: dict[int, list[Pair[Tensor]]] = {}
    for pair in pairs:
        if pair.target.numel():
            earlier = found.get(pair.target.data_ptr(), []) if pair.part else []
            found[pair.target.data_ptr()] = [*earlier, pair]
    return [pair for of_one in found.values() for pair in of_one]


def _is_plain(tensor: Tensor) -> bool:
    """Tell whether a file's bytes can go straight into a tensor's memory."""
    return tensor.device.type == "cpu" and tensor.dtype is torch.float32 and tensor.is_contiguous()


@torch.no_grad()
def _copy_one(pair: Pair[Tensor], array: NDArray[np.float32]) -> None:
    target, part = pair.target, pair.part
    if part is not None:
        target = target.narrow(part.axis, 0, part.length)
    target.copy_(torch.from_numpy(array).reshape(target.shape))
