"""Rows of HDF5 files: HDF5Data."""

import torch

from protonet.data.sources.hdf5 import HDF5Rows
from protonet.data.sources.opening import existing
from protonet.data.streams.base import Context, Finish, Pace
from protonet.layers.hdf5_data import HDF5Data


class HDF5Stream:
    """Rows of HDF5 files; see `HDF5Rows`."""

    def __init__(self, layer: HDF5Data, tops: tuple[str, ...], context: Context) -> None:
        param = layer.hdf5_data_param
        self._device = context.device
        self._shard = context.shard
        self._rows = HDF5Rows(
            existing(param.source, context.find),
            tops,
            seed=context.seed if param.shuffle else None,
            find=context.find,
        )
        # One file stays in memory; only several are worth a thread, and not more than one.
        self.pace = Pace(
            step=(param.batch_size or 0) * context.shard.size,
            size=self._rows.size,
            ahead=2 if self._rows.files > 1 else 0,
        )

    def draw(self, position: int) -> Finish:
        """Read a batch."""
        arrays = self._rows.read(position, self.pace.step, self._shard)
        return lambda: tuple(torch.from_numpy(array).to(self._device) for array in arrays)
