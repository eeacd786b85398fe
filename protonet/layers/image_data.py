"""Images from files."""

from typing import Annotated, ClassVar

from protonet.layers._source import SourceLayer, check_batch_size, check_source
from protonet.layers._transform import check_transform
from protonet.layers.base import Arity, LayerError, between, register
from protonet.message.augmentation import OnBadImage
from protonet.message.base import Float, Message, Tag, UInt32
from protonet.message.common import TransformationParameter


class ImageDataParameter(Message):
    """Parameters of ImageData; ``scale`` to ``mirror`` have an effect in V1 files only."""

    source: Annotated[str, Tag(1)] = ""
    batch_size: Annotated[UInt32, Tag(4)] = 1
    rand_skip: Annotated[UInt32, Tag(7)] = 0
    shuffle: Annotated[bool, Tag(8)] = False
    new_height: Annotated[UInt32, Tag(9)] = 0
    new_width: Annotated[UInt32, Tag(10)] = 0
    is_color: Annotated[bool, Tag(11)] = True
    scale: Annotated[Float, Tag(2)] = 1.0
    mean_file: Annotated[str, Tag(3)] = ""
    crop_size: Annotated[UInt32, Tag(5)] = 0
    mirror: Annotated[bool, Tag(6)] = False
    root_folder: Annotated[str, Tag(12)] = ""
    on_bad_image: Annotated[OnBadImage, Tag(50001)] = OnBadImage.RAISE
    """SKIP: a file that is missing or no image is replaced by the next one, and told at the end."""


@register
class ImageData(SourceLayer):
    """Images ``(N, C, H, W)`` and labels ``(N)`` from a list of ``path label`` lines.

    Each further top takes one more number of a line. Where ``source`` is a folder, each folder in
    it is a class: the first by name is label 0. Caffe: ``image_data_layer.cpp``.

    Differs: a name may stand in double quotes, and a tab before the label; Caffe finds no file
    then. It knows no further tops and no folders.
    """

    tops: ClassVar[Arity] = between(2, None)

    transform_param: Annotated[TransformationParameter, Tag(100)] = TransformationParameter()
    image_data_param: Annotated[ImageDataParameter, Tag(115)] = ImageDataParameter()

    def check(self) -> None:
        p = self.image_data_param
        check_source(p.source, "image_data_param")
        check_batch_size(p.batch_size, "image_data_param")
        check_transform(self.transform_param)
        if bool(p.new_height) != bool(p.new_width):
            raise LayerError(
                f"`new_height` {p.new_height} and `new_width` {p.new_width} are not both set",
                help="set both, or none",
                field=("image_data_param", "new_height" if p.new_height else "new_width"),
            )
