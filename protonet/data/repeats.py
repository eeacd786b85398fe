"""Which of a data layer's samples come again, the same each time: what may be kept of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from protonet.data._lazy import np
from protonet.data.seeds import Purpose, Seed
from protonet.message.common import Phase, TransformationParameter
from protonet.shape import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray


class UnrepeatableError(Exception):
    """A stream gives no sample twice; the text says why."""


class Repeats(NamedTuple):
    """The samples of a stream.

    Attributes:
        number: How many there are.
        at: Returns those of a batch of this process, by the batch's position and length.
        identity: Returns what they are made of, as plain values: files, how large and old they are,
            and what is done to the images. Equal values are equal samples.
        source: What they come from; while it is this object, ``identity`` is the same.
        variants: How many of them are one image; 0 if images are as they are.
    """

    number: int
    at: Callable[[int, int], "NDArray[np.int64]"]
    identity: Callable[[], object]
    source: object
    variants: int = 0


@runtime_checkable
class Repeating(Protocol):
    """A stream that gives samples again."""

    def repeats(self) -> Repeats:
        """Return them.

        Raises:
            UnrepeatableError: They differ each time.
        """
        ...


@runtime_checkable
class Identified(Protocol):
    """A reader of images that can tell itself from others."""

    @property
    def name(self) -> str:
        """What diagnostics call it."""
        ...

    def identity(self) -> object:
        """Return plain values that are equal for equal images and labels."""
        ...

    def fixed_shape(self) -> Shape | None:
        """Return the shape of all images, if they have one."""
        ...


STEADY = frozenset(
    {
        *("scale", "mean_file", "mean_value", "force_color", "force_gray", "channel_order"),
        *("std_value", "min_max", "image_mean", "shorter_side"),
    }
)
"""Fields of ``transform_param`` that do the same to an image each time."""
OF_TRAIN = frozenset({"rotate", "random_crop", "color_jitter", "train_mirror"})
"""Fields that do nothing at TEST."""
VARIED = frozenset({"crop_size", "mirror"})
"""Fields of which `Variants` fix the random numbers."""


def changing(param: TransformationParameter, phase: Phase, images: "Identified") -> frozenset[str]:
    """Return the fields of a transformation that may make another image of one each time.

    Args:
        param: The transformation.
        phase: Crops and more are random in TRAIN only.
        images: What is transformed.
    """
    default = TransformationParameter()
    fields = {f for f in type(param).slots() if getattr(param, f) != getattr(default, f)} - STEADY
    if phase is Phase.TEST:
        return frozenset(fields - OF_TRAIN - {"crop_size"})
    if param.crop_size:
        shape, crop = images.fixed_shape(), param.crop_size
        fields -= {"crop_size"} if shape is not None and shape[1:] == (crop, crop) else set()
    return frozenset(fields)


@dataclass(frozen=True)
class Variants:
    """A fixed number of augmentations of each image, in place of a new one each time.

    All images have the first in epoch 0, the second in epoch 1, and so on, round and round; which
    crop that is, and whether it is mirrored, is drawn for each image.

    Attributes:
        number: How many.
        images: How many images there are.
        seed: Of the random numbers.
    """

    number: int
    images: int
    seed: Seed

    def samples(
        self, images: "NDArray[np.int64]", epochs: "NDArray[np.int64]"
    ) -> "NDArray[np.int64]":
        """Return the samples that images are in these epochs."""
        return epochs % self.number * self.images + images

    def draws(self, samples: "NDArray[np.int64]") -> "NDArray[np.float64]":
        """Return three numbers for each sample, as `Transformer` draws them."""
        variants, images = np.divmod(samples, self.images)
        found = np.empty((3, len(samples)))
        for variant in np.unique(variants):
            members = variants == variant
            found[:, members] = _table(self.seed, int(variant), self.images)[:, images[members]]
        return found


@lru_cache(maxsize=4)
def _table(seed: Seed, variant: int, images: int) -> "NDArray[np.float64]":
    return seed.at(Purpose.TRANSFORM, variant, part=1).random((3, images))
