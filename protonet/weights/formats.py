"""Files of weights of any format, told by their first bytes, then by their extension."""

from pathlib import Path

from protonet.weights import torch_files
from protonet.weights.caffemodel import read_caffemodel
from protonet.weights.stored import OpenFile, StoredLayers

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGIC = b"PK\x03\x04"
OLD_TORCH_MAGIC = b"\x80\x02"


def read(path: Path) -> StoredLayers:
    """Find the layers and blobs of a file of any format, by the names that they have in it.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401 to PN404 and PN410, it is damaged.
    """
    head = OpenFile(path).head(16)
    if head.startswith(HDF5_MAGIC) or path.suffix == ".h5":
        from protonet.weights.hdf5 import read_hdf5  # noqa: PLC0415 # importing h5py takes its time

        return read_hdf5(path)
    if head.startswith(ZIP_MAGIC):
        reader = torch_files.read_npz if torch_files.is_npz(path) else torch_files.read_pth
        return reader(path)
    if path.suffix == ".safetensors" or _is_safetensors(head, path):
        return torch_files.read_safetensors(path)
    if head.startswith(OLD_TORCH_MAGIC) or path.suffix in (".pth", ".pt"):
        return torch_files.read_pth(path)
    return read_caffemodel(path)


def _is_safetensors(head: bytes, path: Path) -> bool:
    return head[8:10] == b'{"' and int.from_bytes(head[:8], "little") + 8 <= path.stat().st_size
