"""Blobs from HDF5 files."""

from typing import Annotated, ClassVar

from protonet.layers._source import SourceLayer, check_batch_size, check_source
from protonet.layers.base import Arity, LayerError, between, register
from protonet.message.augmentation import OnBadImage
from protonet.message.base import Message, Tag, UInt32
from protonet.message.common import TransformationParameter


class HDF5DataParameter(Message):
    """Parameters of HDF5Data."""

    source: Annotated[str, Tag(1)] = ""
    batch_size: Annotated[UInt32 | None, Tag(2)] = None
    shuffle: Annotated[bool, Tag(3)] = False
    on_bad_image: Annotated[OnBadImage, Tag(50001)] = OnBadImage.RAISE
    """SKIP: a file that cannot be read or lacks a dataset is left out, and told at the end."""


@register
class HDF5Data(SourceLayer):
    """A dataset for each top, of its name, from the HDF5 files that the text file ``source`` lists.

    Rows follow each other through all files and begin anew, in the middle of a batch.
    Caffe: ``hdf5_data_layer.cpp``.
    """

    tops: ClassVar[Arity] = between(1, None)

    transform_param: Annotated[TransformationParameter, Tag(100)] = TransformationParameter()
    hdf5_data_param: Annotated[HDF5DataParameter, Tag(112)] = HDF5DataParameter()

    def check(self) -> None:
        if self.has("transform_param"):
            raise LayerError(
                "HDF5Data does not transform data",
                help="transform it when you write the file",
                field=("transform_param",),
            )
        check_source(self.hdf5_data_param.source, "hdf5_data_param")
        check_batch_size(self.hdf5_data_param.batch_size, "hdf5_data_param")
