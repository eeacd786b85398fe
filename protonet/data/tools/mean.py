"""The mean image, as Caffe's `compute_image_mean` computes it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from protonet.data._lazy import np
from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.data.tools.open import Opened, read_all

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Mean(NamedTuple):
    """A mean.

    Attributes:
        image: ``(C, H, W)``.
        images: How many it is of.
    """

    image: "NDArray[np.float32]"
    images: int

    @property
    def values(self) -> tuple[float, ...]:
        """The mean of each channel."""
        height, width = self.image.shape[1:]
        # As Caffe adds them up, one by one and in 32 bits.
        sums = np.add.accumulate(self.image.reshape(len(self.image), -1), 1)[:, -1]
        return tuple(float(value) for value in sums / np.float32(height * width))


def mean_of(
    images: Opened, threads: int | None = None, progress: Callable[[int], None] = lambda _: None
) -> Mean:
    """Return the mean image.

    Sums are of 32-bit floats, image by image, as in compute_image_mean.cpp; those of 8-bit pixels
    are exact up to 65,793 images.

    Args:
        images: The images, all of one size.
        threads: That decode; one a processor if not given.
        progress: Is told how many images are done.

    Raises:
        DiagnosticError: PN504 or PN506, an image cannot be read; PN541, their sizes differ.
    """
    total: NDArray[np.float32] | None = None
    for number, image in enumerate(read_all(images, range(len(images)), threads)):
        if total is None:
            total = np.zeros(image.pixels.shape, np.float32)
        elif total.shape != image.pixels.shape:
            raise fault(
                Fault.SIZES,
                f"image {number:,} of `{images.path}` is {image.pixels.shape}, but the first is"
                f" {total.shape}",
                help="a mean image is of images of one size; `--resize HEIGHTxWIDTH` gives those of"
                " a list one",
                file=str(images.path),
            )
        total += image.pixels
        progress(1)
    assert total is not None
    return Mean(total / np.float32(len(images)), len(images))
