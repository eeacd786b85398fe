"""Boxes of objects that move with their image, as SSD's fork moves them.

A box is a row of label, instance, x1, y1, x2, y2, difficult; a part of an image is x1, y1, x2, y2.
Corners are shares of the image's width and height. (`bbox_util.cpp`, `sampler.cpp`)
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from protonet.data._lazy import np
from protonet.layers.annotated_data import BatchSampler, SampleConstraint
from protonet.message.augmentation import EmitConstraint, ResizeParameter

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Boxes = NDArray[np.float32]
    Shares = NDArray[np.floating[Any]]

CORNERS = slice(2, 6)
"""The columns of a box that move."""

_Mode = ResizeParameter.Resize_mode


def sample(boxes: "Boxes", samplers: Sequence[BatchSampler], random: "Generator") -> "Boxes | None":
    """Return a part of the image, one of all that the samplers find; None if they find none.

    Args:
        boxes: ``(M, 7)``.
        samplers: What may be drawn, and what must hold of it.
        random: A generator.
    """
    found = [_hits(boxes, sampler, random) for sampler in samplers if sampler.use_original_image]
    parts = np.concatenate([np.empty((0, 4), np.float32), *found])
    return parts[random.integers(len(parts))] if len(parts) else None


def _hits(boxes: "Boxes", sampler: BatchSampler, random: "Generator") -> "Boxes":
    """Return the first parts of all trials that hold the constraint, ``(K, 4)``."""
    parts = _trials(sampler, random)
    holds = _holds(parts, boxes[:, CORNERS], sampler.sample_constraint)
    return parts[holds][: sampler.max_sample]


def _trials(sampler: BatchSampler, random: "Generator") -> "Boxes":
    """Draw as many parts as there are trials."""
    s, number = sampler.sampler, sampler.max_trials
    scale = random.uniform(s.min_scale, s.max_scale, number)
    aspect = random.uniform(s.min_aspect_ratio, s.max_aspect_ratio, number)
    aspect = np.clip(aspect, scale**2, 1 / scale**2)
    extent = np.stack([scale * np.sqrt(aspect), scale / np.sqrt(aspect)], 1)
    start = random.random((number, 2)) * (1 - extent)
    return np.concatenate([start, start + extent], 1).clip(0, 1).astype(np.float32)


def _holds(parts: "Boxes", boxes: "Boxes", c: SampleConstraint) -> "NDArray[np.bool_]":
    """Tell which parts hold all constraints with some box."""
    shared = area(_common(parts[:, None], boxes[None]))
    of_part, of_box = area(parts)[:, None], area(boxes)[None]
    bounds = (
        (shared / (of_part + of_box - shared), c.min_jaccard_overlap, c.max_jaccard_overlap),
        (_ratio(shared, of_part), c.min_sample_coverage, c.max_sample_coverage),
        (_ratio(shared, of_box), c.min_object_coverage, c.max_object_coverage),
    )
    if all(least is None and most is None for _, least, most in bounds):
        return np.ones(len(parts), bool)
    holds = np.ones((len(parts), len(boxes)), bool)
    for value, least, most in bounds:
        if least is not None:
            holds &= value >= least
        if most is not None:
            holds &= value <= most
    return np.any(holds, axis=1)


def project(boxes: "Boxes", part: "Boxes", constraint: EmitConstraint | None = None) -> "Boxes":
    """Return the boxes as a part of the image sees them, clipped to it.

    Args:
        boxes: ``(M, 7)``.
        part: May reach beyond the image.
        constraint: Which boxes stay; by default those of which a part can be seen.
    """
    corners = boxes[:, CORNERS]
    keeps = np.all((corners[:, :2] < part[2:]) & (corners[:, 2:] > part[:2]), 1)
    if constraint is not None:
        keeps &= _emitted(corners, part, constraint)
    start, extent = np.tile(part[:2], 2), np.tile(part[2:] - part[:2], 2)
    moved = ((corners - start) / extent).clip(0, 1)
    keeps &= area(moved) > 0
    found = boxes.copy()
    found[:, CORNERS] = moved
    return found[keeps]


def _emitted(corners: "Boxes", part: "Boxes", c: EmitConstraint) -> "NDArray[np.bool_]":
    if c.emit_type is EmitConstraint.EmitType.CENTER:
        centres = (corners[:, :2] + corners[:, 2:]) / 2
        return np.all((centres >= part[:2]) & (centres <= part[2:]), 1)
    return _ratio(area(_common(corners, part)), area(corners)) > c.emit_overlap


def mirror(boxes: "Boxes") -> "Boxes":
    """Return boxes of the mirrored image."""
    found = boxes.copy()
    found[:, [2, 4]] = 1 - boxes[:, [4, 2]]
    return found


def pad(boxes: "Boxes", p: ResizeParameter, height: int, width: int) -> "Boxes":
    """Return boxes of an image of this size as ``resize_param`` shows it, padding included.

    Both other modes keep a box where it is, in shares of the image.
    """
    if p.resize_mode is not _Mode.FIT_LARGE_SIZE_AND_PAD:
        return boxes
    scale = min(p.width / width, p.height / height)
    shares = np.array([width * scale / p.width, height * scale / p.height], np.float32)
    found = boxes.copy()
    found[:, CORNERS] = boxes[:, CORNERS] * np.tile(shares, 2) + np.tile((1 - shares) / 2, 2)
    return found


def extrapolate(boxes: "Boxes", p: ResizeParameter, crop: tuple[int, int]) -> "Boxes":
    """Return boxes in units of ``width_scale`` and ``height_scale`` pixels, if both are set.

    Args:
        boxes: Shares of the crop.
        p: How the image was resized.
        crop: Its height and width in pixels.
    """
    if not (p.height_scale and p.width_scale and p.resize_mode is _Mode.FIT_SMALL_SIZE):
        return boxes
    factors = np.array([crop[1] / p.width_scale, crop[0] / p.height_scale], np.float32)
    found = boxes.copy()
    found[:, CORNERS] *= np.tile(factors, 2)
    return found


def area(corners: "Shares") -> "Shares":
    """Return the areas of boxes ``(..., 4)``; 0 of one that ends before it starts."""
    extents = (corners[..., 2:] - corners[..., :2]).clip(0)
    return extents.prod(-1)


def _common(first: "Boxes", second: "Boxes") -> "Boxes":
    starts = np.maximum(first[..., :2], second[..., :2])
    return np.concatenate([starts, np.minimum(first[..., 2:], second[..., 2:])], -1)


def _ratio(shared: "Shares", whole: "Shares") -> "Shares":
    """Return shares; of nothing, nothing."""
    return shared / np.maximum(whole, np.finfo(np.float32).tiny)
