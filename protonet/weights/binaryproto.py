"""`.binaryproto`: one BlobProto, as `compute_image_mean` writes it."""

from pathlib import Path
from typing import TYPE_CHECKING

from protonet.weights.blobproto import blob_frame, scan_blob
from protonet.weights.mapped import scanning, write_binary
from protonet.weights.stored import OpenFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OLD_AXES = 4


def read_blob(path: Path | str) -> "NDArray[np.float32]":
    """Read a blob, as a mean image ``(1, C, H, W)``.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401, it is no blob; PN402, its values do
            not fill its shape; PN403, it is beyond 2 GiB; PN404, its values are no floats.
    """
    file = OpenFile(Path(path))
    with scanning(file) as message:
        blob = scan_blob(file, message, f"the blob in `{file.path.name}`")
    return blob.array()


def write_blob(path: Path | str, array: "NDArray[np.float32]") -> None:
    """Write a blob; one of four axes in the old way, as `compute_image_mean` does.

    Raises:
        DiagnosticError: PN403, it would be larger than 2 GiB; PN408, it cannot be written.
    """
    import numpy as np  # noqa: PLC0415 # checking a file must not wait for it

    head, tail = blob_frame(array.shape, legacy=array.ndim == _OLD_AXES)
    values = np.ascontiguousarray(array, "<f4").reshape(-1).data.cast("B")
    write_binary(Path(path), (head, values, tail))
