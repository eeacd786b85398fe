"""Messages that several layers share."""

from enum import IntEnum
from typing import Annotated

from protonet.message.augmentation import (
    ChannelOrder,
    ColorJitterParameter,
    DistortionParameter,
    EmitConstraint,
    ExpansionParameter,
    RandomCropParameter,
    ResizeParameter,
)
from protonet.message.base import Double, Float, Int32, Int64, Message, Tag, UInt32


class Phase(IntEnum):
    """Which of its two lives a net leads."""

    TRAIN = 0
    TEST = 1


class BlobShape(Message):
    """Axis lengths, outermost first; none for a scalar."""

    dim: Annotated[tuple[Int64, ...], Tag(1, packed=True)] = ()


class BlobProto(Message):
    """A blob's values on disk."""

    shape: Annotated[BlobShape | None, Tag(7)] = None
    data: Annotated[tuple[Float, ...], Tag(5, packed=True)] = ()
    diff: Annotated[tuple[Float, ...], Tag(6, packed=True)] = ()
    double_data: Annotated[tuple[Double, ...], Tag(8, packed=True)] = ()
    double_diff: Annotated[tuple[Double, ...], Tag(9, packed=True)] = ()
    num: Annotated[Int32, Tag(1)] = 0
    channels: Annotated[Int32, Tag(2)] = 0
    height: Annotated[Int32, Tag(3)] = 0
    width: Annotated[Int32, Tag(4)] = 0


class FillerParameter(Message):
    """How the values of a fresh blob are drawn; the default is all 0."""

    class VarianceNorm(IntEnum):
        """Which fan ``xavier`` and ``msra`` divide by."""

        FAN_IN = 0
        FAN_OUT = 1
        AVERAGE = 2

    type: Annotated[str, Tag(1)] = "constant"
    value: Annotated[Float, Tag(2)] = 0.0
    min: Annotated[Float, Tag(3)] = 0.0
    max: Annotated[Float, Tag(4)] = 1.0
    mean: Annotated[Float, Tag(5)] = 0.0
    std: Annotated[Float, Tag(6)] = 1.0
    sparse: Annotated[Int32, Tag(7)] = -1
    variance_norm: Annotated[VarianceNorm, Tag(8)] = VarianceNorm.FAN_IN


class LossParameter(Message):
    """What a loss is divided by, and which label it skips."""

    class NormalizationMode(IntEnum):
        """FULL: all positions; VALID: those not ignored; BATCH_SIZE: the batch; NONE: 1."""

        FULL = 0
        VALID = 1
        BATCH_SIZE = 2
        NONE = 3

    ignore_label: Annotated[Int32 | None, Tag(1)] = None
    normalization: Annotated[NormalizationMode, Tag(3)] = NormalizationMode.VALID
    normalize: Annotated[bool | None, Tag(2)] = None
    label_smoothing: Annotated[Float, Tag(50001)] = 0.0
    """SoftmaxWithLoss: this part of the truth is spread evenly over all classes."""


class TransformationParameter(Message):
    """What is done to each image: crop, subtract the mean, scale, mirror, in this order.

    Fields from 50001 on, and SSD's (``resize_param`` to ``expand_param``), are off unless set;
    docs/recipes/data.md says where in this order they act.
    """

    scale: Annotated[Float, Tag(1)] = 1.0
    mirror: Annotated[bool, Tag(2)] = False
    crop_size: Annotated[UInt32, Tag(3)] = 0
    mean_file: Annotated[str, Tag(4)] = ""
    mean_value: Annotated[tuple[Float, ...], Tag(5)] = ()
    force_color: Annotated[bool, Tag(6)] = False
    force_gray: Annotated[bool, Tag(7)] = False
    resize_param: Annotated[ResizeParameter | None, Tag(8)] = None
    emit_constraint: Annotated[EmitConstraint | None, Tag(10)] = None
    distort_param: Annotated[DistortionParameter | None, Tag(13)] = None
    expand_param: Annotated[ExpansionParameter | None, Tag(14)] = None
    shorter_side: Annotated[UInt32, Tag(50001)] = 0
    """Resize each image, its aspect kept, so that its shorter side has this many pixels."""
    rotate: Annotated[Float, Tag(50002)] = 0.0
    """In TRAIN, turn each image by up to so many degrees either way; edges are mirrored inwards."""
    random_crop: Annotated[RandomCropParameter | None, Tag(50003)] = None
    """In TRAIN, crop a random box and resize it to ``crop_size``; in TEST, crop as Caffe does."""
    color_jitter: Annotated[ColorJitterParameter | None, Tag(50004)] = None
    """In TRAIN, change brightness, contrast, saturation and hue at random, in this order."""
    train_mirror: Annotated[bool, Tag(50005)] = False
    """Mirror half of the images in TRAIN only, where ``mirror`` does so in TEST, too."""
    oversample: Annotated[bool, Tag(50006)] = False
    """In TEST, give ten crops of each image: corners, centre, and then the same mirrored."""
    channel_order: Annotated[ChannelOrder, Tag(50007)] = ChannelOrder.BGR
    """Order of the channels in the blob, in ``mean_value`` and in ``std_value``."""
    min_max: Annotated[bool, Tag(50008)] = False
    """First of all, bring the values of each crop to 0 (the least) to 1 (the greatest)."""
    image_mean: Annotated[bool, Tag(50009)] = False
    """Subtract from each channel of a crop its own mean, instead of a data set's."""
    std_value: Annotated[tuple[Float, ...], Tag(50010)] = ()
    """Divide by these after ``scale``: one for all channels, or one for each."""


class BlobProtoVector(Message):
    """Several blobs on disk."""

    blobs: Annotated[tuple[BlobProto, ...], Tag(1)] = ()


class Datum(Message):
    """One image of a database and its label: uint8 pixels ``(C, H, W)``, a file, or floats."""

    channels: Annotated[Int32, Tag(1)] = 0
    height: Annotated[Int32, Tag(2)] = 0
    width: Annotated[Int32, Tag(3)] = 0
    data: Annotated[bytes, Tag(4)] = b""
    label: Annotated[Int32, Tag(5)] = 0
    float_data: Annotated[tuple[Float, ...], Tag(6)] = ()
    encoded: Annotated[bool, Tag(7)] = False


class LabelMapItem(Message):
    """A class of a data set: what it is called, and the number that labels have for it."""

    name: Annotated[str, Tag(1)] = ""
    label: Annotated[Int32, Tag(2)] = 0
    display_name: Annotated[str, Tag(3)] = ""


class LabelMap(Message):
    """The classes of a data set; a file of detection nets."""

    item: Annotated[tuple[LabelMapItem, ...], Tag(1)] = ()


class SoftmaxParameter(Message):
    """Parameters of Softmax and SoftmaxWithLoss."""

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    engine: Annotated[Engine, Tag(1)] = Engine.DEFAULT
    axis: Annotated[Int32, Tag(2)] = 1
