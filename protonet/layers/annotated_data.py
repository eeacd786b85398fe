"""Images with boxes, for detection nets."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._data_parameter import DataParameter
from protonet.layers._source import SourceLayer, check_batch_size, check_source
from protonet.layers._transform import check_transform
from protonet.layers.base import Arity, LayerError, between, register
from protonet.message.base import Float, Message, Tag, UInt32
from protonet.message.common import TransformationParameter


class Sampler(Message):
    """How a part of an image is drawn: lengths and areas are shares of the image's."""

    min_scale: Annotated[Float, Tag(1)] = 1.0
    max_scale: Annotated[Float, Tag(2)] = 1.0
    min_aspect_ratio: Annotated[Float, Tag(3)] = 1.0
    max_aspect_ratio: Annotated[Float, Tag(4)] = 1.0


class SampleConstraint(Message):
    """What must hold of a part and one of the boxes; anything does if nothing is set."""

    min_jaccard_overlap: Annotated[Float | None, Tag(1)] = None
    max_jaccard_overlap: Annotated[Float | None, Tag(2)] = None
    min_sample_coverage: Annotated[Float | None, Tag(3)] = None
    max_sample_coverage: Annotated[Float | None, Tag(4)] = None
    min_object_coverage: Annotated[Float | None, Tag(5)] = None
    max_object_coverage: Annotated[Float | None, Tag(6)] = None


class BatchSampler(Message):
    """Up to ``max_sample`` parts that hold the constraint, out of ``max_trials``."""

    use_original_image: Annotated[bool, Tag(1)] = True
    sampler: Annotated[Sampler, Tag(2)] = Sampler()
    sample_constraint: Annotated[SampleConstraint, Tag(3)] = SampleConstraint()
    max_sample: Annotated[UInt32 | None, Tag(4)] = None
    max_trials: Annotated[UInt32, Tag(5)] = 100


class AnnotationType(IntEnum):
    """What an annotation is; there are boxes only."""

    BBOX = 0


class AnnotatedDataParameter(Message):
    """Parameters of AnnotatedData; ``label_map_file`` has no effect there, as in the fork."""

    batch_sampler: Annotated[tuple[BatchSampler, ...], Tag(1)] = ()
    label_map_file: Annotated[str, Tag(2)] = ""
    anno_type: Annotated[AnnotationType | None, Tag(3)] = None


@register
class AnnotatedData(SourceLayer):
    """Images ``(N, C, H, W)`` and the boxes in them ``(1, 1, M, 8)`` from AnnotatedDatum records.

    A box is image, label, instance, x1, y1, x2, y2, difficult; corners are shares of the image. A
    batch without boxes has one of -1 only. Records without boxes give labels ``(N)`` as Data does.
    An image is distorted, expanded, cut to one of the parts that the samplers found, resized,
    cropped, mirrored; boxes move along. From the SSD fork: ``annotated_data_layer.cpp``,
    ``sampler.cpp``, ``data_transformer.cpp``, ``im_transforms.cpp``.

    Differs: between these steps pixels stay as they are; the fork writes and reads a JPEG each
    time. Raw images are distorted, too. Channels are shuffled from the order they are in. Boxes
    are clipped to padding as to the image.
    """

    tops: ClassVar[Arity] = between(1, 2)

    transform_param: Annotated[TransformationParameter, Tag(100)] = TransformationParameter()
    data_param: Annotated[DataParameter, Tag(107)] = DataParameter()
    annotated_data_param: Annotated[AnnotatedDataParameter, Tag(200)] = AnnotatedDataParameter()

    def check(self) -> None:
        check_source(self.data_param.source, "data_param")
        check_batch_size(self.data_param.batch_size, "data_param")
        check_transform(self.transform_param, boxes=True)
        for index, sampler in enumerate(self.annotated_data_param.batch_sampler):
            for problem in _problems(sampler.sampler):
                raise LayerError(
                    problem, field=("annotated_data_param", "batch_sampler", index, "sampler")
                )


def _problems(s: Sampler) -> Iterator[str]:
    if not 0 < s.min_scale <= s.max_scale <= 1:
        yield f"scales of {s.min_scale:g} to {s.max_scale:g} are no range within 0 to 1"
    if not 0 < s.min_aspect_ratio <= s.max_aspect_ratio:
        aspects = f"{s.min_aspect_ratio:g} to {s.max_aspect_ratio:g}"
        yield f"aspect ratios of {aspects} are no range above 0"
