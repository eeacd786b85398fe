"""Warped windows of images: WindowData."""

import numpy as np
from numpy.typing import NDArray

from protonet.data.faults import Fault, fault
from protonet.data.seeds import Purpose
from protonet.data.sources.opening import existing
from protonet.data.sources.window import CHANNELS, WindowList
from protonet.data.streams.base import AHEAD, WORKERS, Context, Finish, Pace, sent
from protonet.data.streams.mean import mean_image
from protonet.layers.window_data import WindowData
from protonet.message.common import TransformationParameter


class WindowStream:
    """Warped windows, drawn at random; see `WindowList`."""

    def __init__(self, layer: WindowData, context: Context) -> None:
        self._transform = layer.transform_param
        self._scale = layer.window_data_param.scale  # not that of transform_param, as in Caffe
        self._seed = context.seed
        self._rank = context.shard.rank
        self._device = context.device
        self._mean = _mean(layer.transform_param, context)
        self._windows = WindowList(
            existing(layer.window_data_param.source, context.find),
            layer.window_data_param,
            crop_size=layer.transform_param.crop_size,
            mirror=layer.transform_param.mirror,
            find=context.find,
        )
        step = layer.window_data_param.batch_size or 0
        self.pace = Pace(step=step, size=0, ahead=AHEAD, workers=WORKERS)

    def draw(self, position: int, number: int) -> Finish:
        """Read a batch; what lies outside an image is 0."""
        size = self._transform.crop_size
        images = np.zeros((number, CHANNELS, size, size), np.float32)
        labels = np.empty(number, np.float32)
        numbers = self._seed.at(Purpose.WINDOWS, position, self._rank)
        for at, cut in enumerate(self._windows.draw(numbers)):
            height, width = cut.pixels.shape[:2]
            area = np.s_[:, cut.top : cut.top + height, cut.left : cut.left + width]
            images[at][area] = (cut.pixels.transpose(2, 0, 1) - self._mean[area]) * self._scale
            labels[at] = cut.label
        return sent((images, labels), self._device)


def _mean(param: TransformationParameter, context: Context) -> NDArray[np.float32]:
    """Return what is subtracted, ``(C, crop_size, crop_size)``."""
    size = param.crop_size
    if not param.mean_file:
        values = np.array(param.mean_value or (0.0,), np.float32).reshape(-1, 1, 1)
        if len(values) not in (1, CHANNELS):
            raise fault(
                Fault.MEAN,
                f"windows have {CHANNELS} channels, but `mean_value` has {len(values)} values",
            )
        return np.broadcast_to(values, (CHANNELS, size, size))
    mean = mean_image(param.mean_file, context.find)
    start = (mean.shape[2] - size) // 2  # of both axes, as in Caffe
    centre = mean[:, start : start + size, start : start + size]
    if start < 0 or centre.shape != (CHANNELS, size, size):
        raise fault(
            Fault.MEAN,
            f"the mean in `{param.mean_file}` is {mean.shape}, which has no centre of"
            f" {(CHANNELS, size, size)}",
        )
    return centre
