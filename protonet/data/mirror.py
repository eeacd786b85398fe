"""Mirror images, left to right, by OpenCV: numpy copies backwards value by value, and slowly."""

from typing import TYPE_CHECKING

from protonet.data._lazy import cv2, np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    PixelArray = NDArray[np.uint8 | np.float32]

_LEFT_TO_RIGHT = 1


def copy(image: "PixelArray", room: "PixelArray", *, mirrored: bool) -> None:
    """Copy an image ``(C, H, W)`` to its place in a batch, whose values may be of another order.

    Args:
        image: A view of any strides.
        room: One image of a batch, whose planes or rows of pixels lie together.
        mirrored: Mirror it on the way.
    """
    if not mirrored:
        room[:] = image
    elif room.flags.c_contiguous:
        for plane, place in zip(image, room, strict=True):
            cv2.flip(plane, _LEFT_TO_RIGHT, place)
    else:
        cv2.flip(image.transpose(1, 2, 0), _LEFT_TO_RIGHT, room.transpose(1, 2, 0))


def mirror(images: "PixelArray", which: "NDArray[np.bool_]") -> None:
    """Mirror some images of a contiguous batch ``(N, C, H, W)`` in place."""
    assert images.flags.c_contiguous
    for index in np.flatnonzero(which):
        rows = images[index].reshape(-1, images.shape[3])
        cv2.flip(rows, _LEFT_TO_RIGHT, rows)
