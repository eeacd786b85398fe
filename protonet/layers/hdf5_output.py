"""Blobs written to a file."""

from typing import Annotated, ClassVar

from protonet.layers._checks import four_axes
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Message, Tag
from protonet.shape import Shape


class HDF5OutputParameter(Message):
    """Parameters of HDF5Output."""

    file_name: Annotated[str, Tag(1)] = ""


@register
class HDF5Output(Layer):
    """Writes its bottoms as the datasets ``data`` and ``label``, both ``(N, C, H, W)``.

    One forward alone, as in Caffe, which dies of a second one. Caffe: ``hdf5_output_layer.cpp``.
    """

    bottoms: ClassVar[Arity] = exactly(2)
    tops: ClassVar[Arity] = exactly(0)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False

    hdf5_output_param: Annotated[HDF5OutputParameter, Tag(113)] = HDF5OutputParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        if not self.hdf5_output_param.file_name:
            raise LayerError("`file_name` is not set", field=("hdf5_output_param", "file_name"))
        data, label = (four_axes(bottom) for bottom in bottoms)
        if data[0] != label[0]:
            raise LayerError(f"bottom 0 holds {data[0]} items, but bottom 1 holds {label[0]}")
        return ()

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.hdf5_output.HDF5Output(self.hdf5_output_param.file_name)
