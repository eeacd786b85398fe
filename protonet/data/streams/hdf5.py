"""Rows of HDF5 files: HDF5Data."""

import numpy as np
from numpy.typing import NDArray

from protonet.data.repeats import Repeats
from protonet.data.sources.hdf5 import HDF5Rows
from protonet.data.sources.opening import existing
from protonet.data.streams.base import Context, Finish, Pace, sent
from protonet.diagnostics import Diagnostic
from protonet.layers.hdf5_data import HDF5Data
from protonet.message.augmentation import OnBadImage


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
            skips=param.on_bad_image is OnBadImage.SKIP,
        )
        # One file stays in memory; only several are worth a thread, and not more than one.
        self.pace = Pace(
            step=(param.batch_size or 0) * context.shard.size,
            size=self._rows.size,
            ahead=2 if self._rows.files > 1 else 0,
        )

    def repeats(self) -> Repeats:
        """Return the rows of all files."""

        def at(position: int, number: int) -> NDArray[np.int64]:
            return self._rows.indices(position, number)[self._shard.own]

        return Repeats(self._rows.size, at, self._rows.identity, self._rows)

    def name(self, position: int, number: int, row: int) -> str:
        """Return which row of which file made a row of a batch."""
        return self._rows.label(position, number, row, self._shard)

    def told(self) -> tuple[Diagnostic, ...]:
        """Return what there is to say of files that were left out."""
        return self._rows.told()

    def draw(self, position: int, number: int) -> Finish:
        """Read a batch."""
        return sent(self._rows.read(position, number, self._shard), self._device)
