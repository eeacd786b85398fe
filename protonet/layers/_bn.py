"""BN's message."""

from enum import IntEnum
from typing import Annotated

from protonet.layers.base import Weight
from protonet.message.base import Float, Message, Tag
from protonet.message.common import FillerParameter
from protonet.shape import Shape


class BNParameter(Message):
    """Parameters of BN: the fields of three forks.

    1 to 6 are PSPNet's; SegNet's have its numbers from 50000 on, happynear's from 51000 on.
    """

    class BNMode(IntEnum):
        """SegNet: normalize by the batch, or only scale and shift."""

        LEARN = 0
        INFERENCE = 1

    class Engine(IntEnum):
        """Which implementation Caffe runs; no effect here."""

        DEFAULT = 0
        CAFFE = 1
        CUDNN = 2

    slope_filler: Annotated[FillerParameter, Tag(1)] = FillerParameter()
    bias_filler: Annotated[FillerParameter, Tag(2)] = FillerParameter()
    momentum: Annotated[Float, Tag(3)] = 0.9
    eps: Annotated[Float, Tag(4)] = 1e-5
    frozen: Annotated[bool, Tag(5)] = False
    engine: Annotated[Engine, Tag(6)] = Engine.DEFAULT
    scale_filler: Annotated[FillerParameter, Tag(50001)] = FillerParameter()
    shift_filler: Annotated[FillerParameter, Tag(50002)] = FillerParameter()
    bn_mode: Annotated[BNMode, Tag(50003)] = BNMode.LEARN
    var_eps: Annotated[Float, Tag(51003)] = 1e-10
    moving_average: Annotated[bool, Tag(51004)] = True
    decay: Annotated[Float, Tag(51005)] = 0.95

    def pspnet_weights(self, channels: int) -> tuple[Weight, ...]:
        """Return PSPNet's blobs: slope, bias, mean, variance; a frozen layer learns nothing."""
        shape: Shape = (1, channels)
        variance = FillerParameter(value=1.0 if self.frozen else 0.0)
        return (
            Weight(shape, self.slope_filler, frozen=self.frozen),
            Weight(shape, self.bias_filler, frozen=self.frozen),
            Weight(shape, learnable=False, frozen=True),
            Weight(shape, variance, learnable=False, frozen=True),
        )
