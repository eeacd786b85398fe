"""Windows of images, for detection."""

from typing import Annotated, ClassVar

from protonet.layers._source import SourceLayer, check_batch_size, check_source
from protonet.layers._transform import check_plain
from protonet.layers.base import Arity, LayerError, exactly, register
from protonet.message.base import Float, Message, Tag, UInt32
from protonet.message.common import TransformationParameter


class WindowDataParameter(Message):
    """Parameters of WindowData.

    ``mean_file``, ``crop_size`` and ``mirror`` have an effect in V1 files only.
    """

    source: Annotated[str, Tag(1)] = ""
    scale: Annotated[Float, Tag(2)] = 1.0
    mean_file: Annotated[str, Tag(3)] = ""
    batch_size: Annotated[UInt32 | None, Tag(4)] = None
    crop_size: Annotated[UInt32, Tag(5)] = 0
    mirror: Annotated[bool, Tag(6)] = False
    fg_threshold: Annotated[Float, Tag(7)] = 0.5
    bg_threshold: Annotated[Float, Tag(8)] = 0.5
    fg_fraction: Annotated[Float, Tag(9)] = 0.25
    context_pad: Annotated[UInt32, Tag(10)] = 0
    crop_mode: Annotated[str, Tag(11)] = "warp"
    cache_images: Annotated[bool, Tag(12)] = False
    root_folder: Annotated[str, Tag(13)] = ""


@register
class WindowData(SourceLayer):
    """Windows warped to ``(N, C, crop_size, crop_size)`` and their classes ``(N)``.

    Background comes first. Girshick et al., arXiv:1311.2524. Caffe: ``window_data_layer.cpp``.
    """

    tops: ClassVar[Arity] = exactly(2)

    transform_param: Annotated[TransformationParameter, Tag(100)] = TransformationParameter()
    window_data_param: Annotated[WindowDataParameter, Tag(129)] = WindowDataParameter()

    def check(self) -> None:
        check_source(self.window_data_param.source, "window_data_param")
        check_batch_size(self.window_data_param.batch_size, "window_data_param")
        check_plain(self.transform_param, "WindowData")
        if not self.transform_param.crop_size:
            raise LayerError(
                "`crop_size` is not set, so windows have no size to be warped to",
                help="write `transform_param { crop_size: ... }`",
                field=("transform_param", "crop_size"),
            )
