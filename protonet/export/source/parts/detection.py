"""SSD's layers."""

import torch
from torch import Tensor


def prior_boxes(
    x: Tensor,
    image: Tensor,
    *,
    sizes: list[tuple[float, float]],
    image_size: tuple[int, int] | None = None,
    step: tuple[float, float] | None = None,
    offset: float = 0.5,
    clip: bool = False,
    variance: tuple[float, ...],
) -> Tensor:
    """Return boxes of these widths and heights around each cell of x, and variances."""
    height, width = image_size or image.shape[2:]
    rows, columns = x.shape[2:]
    down, right = step or (height / rows, width / columns)
    y = ((torch.arange(rows, device=x.device) + offset) * down).double()[:, None, None]
    x_ = ((torch.arange(columns, device=x.device) + offset) * right).double()[:, None]
    wide, high = torch.tensor(sizes, dtype=torch.float64, device=x.device).unbind(1)
    edges = (
        (x_ - wide / 2) / width,
        (y - high / 2) / height,
        (x_ + wide / 2) / width,
        (y + high / 2) / height,
    )
    cells = rows, columns, len(sizes)
    boxes = torch.stack([edge.expand(cells) for edge in edges], -1).reshape(-1, 4)
    if clip:
        boxes = boxes.clamp(0, 1)
    spread = torch.tensor(variance, dtype=torch.float64, device=x.device)
    top = torch.stack((boxes, spread.expand_as(boxes)))
    return top.reshape(1, 2, -1).to(image.dtype)


def decode_boxes(codes: Tensor, prior: Tensor, code: str) -> Tensor:
    """Return the boxes (..., 4), x1, y1, x2, y2, that predictions about priors mean."""
    if code == "CORNER":
        return prior + codes
    size = prior[..., 2:] - prior[..., :2]
    if code == "CORNER_SIZE":
        return prior + codes * torch.cat((size, size), dim=-1)
    centre = codes[..., :2] * size + (prior[..., :2] + prior[..., 2:]) / 2
    half = codes[..., 2:].exp() * size / 2
    return torch.cat((centre - half, centre + half), dim=-1)


def suppress(boxes: Tensor, threshold: float, eta: float) -> list[int]:
    """Return which boxes overlap no better one, that is kept, by too much."""
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)
    kept: list[int] = []
    for at, box in enumerate(boxes):
        others = boxes[kept]
        start = torch.maximum(box[:2], others[:, :2])
        end = torch.minimum(box[2:], others[:, 2:])
        shared = (end - start).clamp(min=0).prod(1)
        overlap = shared / (areas[at] + areas[kept] - shared)
        if not bool(((shared > 0) & (overlap > threshold)).any()):
            kept.append(at)
            if eta < 1 and threshold > 0.5:
                threshold *= eta
    return kept


def best_of_class(
    boxes: Tensor,
    score: Tensor,
    *,
    least_score: float | None,
    threshold: float,
    top_k: int | None,
    eta: float,
) -> tuple[Tensor, Tensor]:
    """Return the scores and boxes of a class that no better ones suppress."""
    order = score.argsort(descending=True, stable=True)
    if least_score is not None:
        order = order[score[order] > least_score]
    boxes, score = boxes[order[:top_k]], score[order[:top_k]]
    kept = suppress(boxes, threshold, eta)
    return score[kept], boxes[kept]


def detection_output(
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
    """Return (1, 1, M, 7): image, label, score, x1, y1, x2, y2 of the boxes found."""
    priors, variance = prior.detach().reshape(2, -1, 4)
    codes = loc.detach().reshape(len(loc), len(priors), -1, 4)
    scores = conf.detach().reshape(len(conf), len(priors), classes)
    rows: list[Tensor] = []
    for image in range(len(loc)):
        found = [loc.new_zeros(0, 7)]
        for label in (label for label in range(classes) if label != background):
            these = codes[image, :, label if codes.shape[2] > 1 else 0]
            these = these if variance_in_target else these * variance
            score, boxes = best_of_class(
                decode_boxes(these, priors, code),
                scores[image, :, label],
                least_score=least_score,
                threshold=threshold,
                top_k=top_k,
                eta=eta,
            )
            head = score.new_tensor([image, label]).expand(len(score), 2)
            found.append(torch.cat((head, score[:, None], boxes), dim=1))
        every = torch.cat(found)
        best = every[:, 2].argsort(descending=True, stable=True)[:keep_top_k]
        rows.append(every[best.sort().values])
    top = torch.cat(rows)
    if not len(top):
        top = loc.new_full((len(loc), 7), -1)
        top[:, 0] = torch.arange(len(loc))
    return top.reshape(1, 1, -1, 7)
