"""Images to a size: SSD's ``resize_param``, and the shorter side."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from protonet.data._lazy import cv2, np
from protonet.message.augmentation import ResizeParameter
from protonet.message.common import TransformationParameter
from protonet.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[Any]  # OpenCV tells no types of values

_Mode = ResizeParameter.Resize_mode
_Pad = ResizeParameter.Pad_mode
_Interp = ResizeParameter.Interp_mode

_INTERPOLATIONS: Mapping[_Interp, str] = MappingProxyType(
    {
        _Interp.LINEAR: "INTER_LINEAR",
        _Interp.AREA: "INTER_AREA",
        _Interp.NEAREST: "INTER_NEAREST",
        _Interp.CUBIC: "INTER_CUBIC",
        _Interp.LANCZOS4: "INTER_LANCZOS4",
    }
)
_BORDERS: Mapping[_Pad, str] = MappingProxyType(
    {
        _Pad.CONSTANT: "BORDER_CONSTANT",
        _Pad.MIRRORED: "BORDER_REFLECT_101",
        _Pad.REPEAT_NEAREST: "BORDER_REPLICATE",
    }
)


def resized_shape(param: TransformationParameter, shape: Shape) -> Shape:
    """Return what ``resize_param`` or ``shorter_side`` makes of an image's shape ``(C, H, W)``."""
    channels, height, width = shape
    p = param.resize_param
    if p is not None:
        padded = p.resize_mode is _Mode.FIT_LARGE_SIZE_AND_PAD
        return channels, *((p.height, p.width) if padded else fitted(p, height, width))
    if param.shorter_side:
        return channels, *_shrunk(height, width, param.shorter_side)
    return shape


def fitted(p: ResizeParameter, height: int, width: int) -> tuple[int, int]:
    """Return the height and width an image is scaled to, before it is padded.

    In float32 as in the fork (`im_transforms.cpp`).
    """
    if p.resize_mode is _Mode.WARP:
        return p.height, p.width
    aspect = np.float32(width) / np.float32(height)
    wide = bool(aspect > np.float32(p.width) / np.float32(p.height))
    if wide is (p.resize_mode is _Mode.FIT_LARGE_SIZE_AND_PAD):
        return max(1, int(np.float32(p.width) / aspect)), p.width
    return p.height, max(1, int(aspect * np.float32(p.height)))


def resized(rows: "Rows", p: ResizeParameter, number: float) -> "Rows":
    """Return an image ``(H, W, C)`` in the size that ``resize_param`` says.

    Args:
        rows: The image.
        p: How.
        number: From 0 to 1, for the choice of an interpolation.
    """
    modes = p.interp_mode or (_Interp.LINEAR,)
    mode = getattr(cv2, _INTERPOLATIONS[modes[int(number * len(modes))]])
    height, width, channels = rows.shape
    height, width = fitted(p, height, width)
    scaled = cv2.resize(rows, (width, height), interpolation=mode).reshape(height, width, channels)
    if p.resize_mode is not _Mode.FIT_LARGE_SIZE_AND_PAD:
        return scaled
    over, above, before = _room(p, height, width)
    colour = p.pad_value * channels if len(p.pad_value) == 1 else p.pad_value or (0.0,) * channels
    padded = cv2.copyMakeBorder(
        scaled,
        above,
        over[0] - above,
        before,
        over[1] - before,
        getattr(cv2, _BORDERS[p.pad_mode]),
        value=colour,
    )
    return padded.reshape(p.height, p.width, channels)


def _room(p: ResizeParameter, height: int, width: int) -> tuple[tuple[int, int], int, int]:
    """Return what is to be padded below and beside, and how much of it above and before."""
    over = p.height - height, p.width - width
    return over, over[0] // 2, over[1] // 2


def shrunk(rows: "Rows", side: int) -> "Rows":
    """Return an image ``(H, W, C)`` whose shorter side has ``side`` pixels, bilinear as Caffe's."""
    height, width, channels = rows.shape
    height, width = _shrunk(height, width, side)
    return cv2.resize(rows, (width, height)).reshape(height, width, channels)


def _shrunk(height: int, width: int, side: int) -> tuple[int, int]:
    shorter = min(height, width)
    return (height * side + shorter // 2) // shorter, (width * side + shorter // 2) // shorter
