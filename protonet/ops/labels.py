"""Class labels: read as Caffe reads them, and what a loss over them is divided by."""

import torch
from torch import Tensor

from protonet.message.common import LossParameter
from protonet.ops.counting import Count

Normalization = LossParameter.NormalizationMode


class OutOfRangeError(ValueError):
    """An index that is not in 0 .. ``extent`` - 1.

    Attributes:
        index: The index.
    """

    def __init__(self, name: str, index: int, extent: int) -> None:
        super().__init__(f"{name} {index} is outside 0 .. {extent - 1}")
        self.index = index


def class_indices(
    label: Tensor, shape: tuple[int, ...], *, classes: int, ignore_label: int | None = None
) -> tuple[Tensor, Tensor | None]:
    """Return labels as indices of ``shape``, and which of them count (None: all).

    Caffe casts labels to int, which truncates toward zero. An ignored label becomes index 0.

    Raises:
        ValueError: A label that counts is no class. Caffe reads beyond the blob there. On CUDA the
            indexing kernel reports it instead, so that the check does not wait for the device.
    """
    index = label.detach().reshape(shape).long()
    kept = None
    if ignore_label is not None:
        kept = index != ignore_label
        index = index.masked_fill(~kept, 0)
    check_range(index, classes, "label")
    return index, kept


def check_range(index: Tensor, extent: int, name: str) -> None:
    """Refuse indices that are not in 0 .. ``extent`` - 1.

    Raises:
        OutOfRangeError: One is outside.
    """
    if index.is_cuda or not index.numel() or torch.compiler.is_compiling():
        return
    least, most = (int(bound) for bound in index.aminmax())
    if least < 0 or most >= extent:
        raise OutOfRangeError(name, least if least < 0 else most, extent)


def item_count(
    mode: LossParameter.NormalizationMode, *, outer: int, inner: int, kept: Tensor | None
) -> Count:
    """Return over how many items a loss is averaged; 0 if it is their sum.

    Args:
        mode: Which positions are counted.
        outer: Extents before the class axis, multiplied.
        inner: Extents after it.
        kept: Which positions are not ignored; None for all.
    """
    if mode == Normalization.VALID and kept is not None:
        return kept.sum()
    counts = {Normalization.BATCH_SIZE: outer, Normalization.NONE: 0}
    return counts.get(mode, outer * inner)


def normalizer(items: Count) -> Count:
    """Return what a sum of losses is divided by, at least 1 (Caffe's ``get_normalizer``)."""
    return items.clamp(min=1) if isinstance(items, Tensor) else max(1, items)
