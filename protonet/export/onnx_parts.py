"""What ONNX has operators for, in place of parts whose code depends on values.

The arguments are those of the parts (`source/parts`). What these operators find differs in number
from run to run: inside, boxes that are not kept are masked, so that all extents but the last are
known.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from protonet.export.source.parts.detection import decode_boxes, suppress

LOWEST = torch.finfo(torch.float32).min


@torch.library.custom_op("protonet::unsuppressed", mutates_args=())
def unsuppressed(boxes: Tensor, scores: Tensor, threshold: float, least_score: float) -> Tensor:
    """Tell which boxes ``(B, K, 4)``, the best first, overlap no better one by too much.

    Args:
        boxes: Corners.
        scores: ``(B, K)``.
        threshold: The part of the union that two boxes may share.
        least_score: Scores must be above it.
    """
    kept = torch.zeros_like(scores, dtype=torch.bool)
    for row, these, score in zip(kept, boxes, scores, strict=True):
        able = (score > least_score).nonzero().flatten()
        row[able[suppress(these[able], threshold, 1.0)]] = True
    return kept


@unsuppressed.register_fake
def _(boxes: Tensor, scores: Tensor, threshold: float, least_score: float) -> Tensor:
    return torch.empty_like(scores, dtype=torch.bool)


def translations(op: Any) -> dict[Callable[..., object], Callable[..., object]]:
    """Return how operations of torch are written in ONNX that its exporter does not know.

    Args:
        op: onnxscript's operators.
    """

    def sort(x: Any, *, stable: bool, dim: int = -1, descending: bool = False) -> Any:
        # TopK puts the first of equal values first.
        size = op.Gather(op.Shape(x), op.Constant(value_ints=[dim]))
        return op.TopK(x, size, axis=dim, largest=int(descending), sorted=int(stable))

    def nms(boxes: Any, scores: Any, threshold: float, least_score: float) -> Any:
        shape = op.Shape(scores)
        most = op.Gather(shape, op.Constant(value_ints=[1]))
        picked = op.NonMaxSuppression(
            boxes,
            op.Unsqueeze(scores, op.Constant(value_ints=[1])),
            most,
            op.Constant(value_floats=[threshold]),
            op.Constant(value_floats=[least_score]),
        )
        places = op.Gather(picked, op.Constant(value_ints=[0, 2]), axis=1)
        ones = op.Expand(op.Constant(value_int=1), op.Slice(op.Shape(picked), [0], [1]))
        return op.Cast(op.ScatterND(op.Expand(op.Constant(value_int=0), shape), places, ones), to=9)

    return {
        torch.ops.aten.sort.stable: sort,
        torch.ops.protonet.unsuppressed.default: nms,
    }


def roi_pool(x: Tensor, rois: Tensor, bins: tuple[int, int], scale: float) -> Tensor:
    """Return the maximum of each bin of each region."""
    rois = rois.reshape(-1, 5)
    return torch.onnx.ops.symbolic(
        "MaxRoiPool",
        (x, rois),
        {"pooled_shape": bins, "spatial_scale": scale},
        dtype=x.dtype,
        shape=(rois.shape[0], x.shape[1], *bins),
    )


def detection_output(  # the part's arguments, of which `eta` is 1
    loc: Tensor,
    conf: Tensor,
    prior: Tensor,
    *,
    classes: int,
    code: str = "CORNER",
    variance_in_target: bool = False,
    background: int = 0,
    least_score: float | None = None,
    threshold: float,
    top_k: int | None = None,
    eta: float = 1.0,
    keep_top_k: int | None = None,
) -> Tensor:
    """Return ``(1, 1, M, 7)``: image, label, score, x1, y1, x2, y2 of the boxes found."""
    images = loc.shape[0]
    priors, variance = prior.reshape(2, -1, 1, 4)
    codes = loc.reshape(images, priors.shape[0], -1, 4)
    codes = codes if variance_in_target else codes * variance
    labels = [label for label in range(classes) if label != background]
    if not labels or 0 in (top_k, keep_top_k):
        return _nothing(images)[None, None]
    boxes = decode_boxes(codes, priors, code).transpose(1, 2)
    boxes = boxes.expand(-1, len(labels), -1, -1) if boxes.shape[1] == 1 else boxes[:, labels]
    scores = conf.reshape(images, -1, classes).transpose(1, 2)[:, labels]
    score, at = scores.topk(min(top_k or priors.shape[0], priors.shape[0]))
    boxes = boxes.gather(2, at[..., None].expand(-1, -1, -1, 4))
    corners = boxes.flatten(0, 1)
    # A box whose end lies before its start overlaps none; ONNX would turn it around.
    start, end = corners[..., :2], corners[..., 2:]
    kept = torch.ops.protonet.unsuppressed(
        torch.cat((start, torch.maximum(start, end)), -1),
        score.flatten(0, 1),
        min(threshold, 1.0),  # ONNX takes no other, and none overlap by more
        LOWEST if least_score is None else least_score,
    )
    return _rows(kept.reshape(score.shape), labels, score, boxes, keep_top_k)


def _nothing(images: int) -> Tensor:
    """Return a row of -1 for each image, with its number."""
    image = torch.arange(images, dtype=torch.float32)[:, None]
    return torch.cat((image, torch.full((1, 6), -1.0).expand(images, -1)), 1)


def _rows(
    kept: Tensor, labels: list[int], score: Tensor, boxes: Tensor, most: int | None
) -> Tensor:
    """Return the kept boxes ``(N, C, K, 4)`` of each image, its best ones, by their label."""
    images, each = score.shape[0], score.shape[2]
    number = len(labels) * each
    score = torch.where(kept, score, -torch.inf).flatten(1)
    score, at = score.topk(min(most or number, number))
    at, order = at.sort(dim=1)
    score = score.gather(1, order)
    image = torch.arange(images, dtype=score.dtype).reshape(-1, 1)
    label = torch.tensor(labels, dtype=score.dtype)[at // each]
    best = boxes.flatten(1, 2).gather(1, at[..., None].expand(-1, -1, 4))
    rows = torch.cat((torch.stack((image.expand_as(score), label, score), -1), best), -1)
    found = score.flatten() > -torch.inf
    rows = torch.cat((rows.flatten(0, 1), _nothing(images)))
    found = torch.cat((found, (~found.any()).expand(images)))
    return rows[found][None, None]


PARTS: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {"detection_output": detection_output, "roi_pool": roi_pool}
)
"""What stands for the parts of these names."""
