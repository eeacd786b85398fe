"""Writes two blobs to a file."""

import os

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
from torch import Tensor, nn

from protonet.ops.reshaping import legacy_shape


class HDF5Output(nn.Module):
    """Writes its bottoms as the datasets ``data`` and ``label`` of a new file, with four axes.

    As in Caffe, one forward: a second one would have to overwrite what the first one wrote.
    """

    def __init__(self, file_name: str) -> None:
        super().__init__()
        self.file_name = file_name
        self.written = False

    def forward(self, data: Tensor, label: Tensor) -> tuple[Tensor, ...]:
        """Write both, and return no top.

        Raises:
            ValueError: A batch was written before, or the file cannot be written.
        """
        if self.written:
            raise ValueError(
                f"HDF5Output holds one batch, and `{self.file_name}` has one already: "
                "run a single forward"
            )
        try:
            with h5py.File(self.file_name, "w") as file:
                for name, blob in (("data", data), ("label", label)):
                    values = blob.detach().cpu().reshape(legacy_shape(blob)).numpy()
                    file.create_dataset(name, data=values)
        except OSError as error:
            told = os.strerror(error.errno) if error.errno else str(error)
            raise ValueError(f"`{self.file_name}` cannot be written: {told}") from error
        self.written = True
        return ()
