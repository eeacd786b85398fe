"""`.solverstate`: where a training run stands, beside the weights of the same snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from protonet.weights import faults
from protonet.weights.blobproto import blob_pieces, scan_blob
from protonet.weights.mapped import scanning, write_binary
from protonet.weights.scan import Wire, encode_text, encode_varint, length_delimited
from protonet.weights.stored import FileBlob, OpenFile, read_blobs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ITER, _LEARNED_NET, _HISTORY, _CURRENT_STEP = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class SolverSnapshot:
    """Where a run stands.

    Attributes:
        iter: Iterations done.
        learned_net: The file of the weights, as the run wrote it (from its working directory).
        current_step: How many of ``stepvalue`` the policy multistep has passed.
        history: The solver's own blobs, one or two for each learnable parameter: in layer and blob
            order, all of the first kind before all of the second (AdaDelta, Adam). Those to be
            written may be made when asked for.
    """

    iter: int
    learned_net: str
    current_step: int
    history: "Sequence[NDArray[np.float32]]"


def read_solverstate(path: Path | str) -> SolverSnapshot:
    """Read a ``.solverstate``, or a ``.solverstate.h5``: by extension, as Caffe's Restore does.

    Raises:
        DiagnosticError: PN021, the file cannot be read; PN401, it is no solver state, cut short or
            damaged; PN402, PN404, a blob is not as it says; PN403, it is beyond 2 GiB.
    """
    if Path(path).suffix == ".h5":
        from protonet.weights.hdf5 import read_state  # noqa: PLC0415 # importing h5py takes its time

        return SolverSnapshot(*read_state(Path(path)))
    return _read_binary(OpenFile(Path(path)))


def write_solverstate(path: Path | str, snapshot: SolverSnapshot) -> None:
    """Write a ``.solverstate``, or a ``.solverstate.h5``, by extension.

    Raises:
        DiagnosticError: PN403, it would be larger than 2 GiB; PN408, it cannot be written.
    """
    if Path(path).suffix == ".h5":
        from protonet.weights.hdf5 import write_state  # noqa: PLC0415 # importing h5py takes its time

        write_state(
            Path(path),
            snapshot.iter,
            snapshot.learned_net,
            snapshot.current_step,
            snapshot.history,
        )
        return
    write_binary(Path(path), _pieces(snapshot))


def _read_binary(file: OpenFile) -> SolverSnapshot:
    numbers, learned_net, blobs = {_ITER: 0, _CURRENT_STEP: 0}, "", list[FileBlob]()
    with scanning(file) as message:
        for entry in message:
            match entry.number, entry.wire:
                case (1 | 4, Wire.VARINT):
                    numbers[entry.number] = message.integer(entry)
                case (2, Wire.LEN):
                    learned_net = message.text(entry)
                case (3, Wire.LEN):
                    inner = message.message(entry)
                    blobs.append(scan_blob(file, inner, f"history blob {len(blobs)}"))
                case (1, Wire.LEN) | (100, _):
                    raise faults.corrupt(file.path, "it is a net, and no solver state")
                case _:
                    pass
    return SolverSnapshot(numbers[_ITER], learned_net, numbers[_CURRENT_STEP], _arrays(blobs))


def _arrays(blobs: "Sequence[FileBlob]") -> "tuple[NDArray[np.float32], ...]":
    import numpy as np  # noqa: PLC0415 # as in all of these files

    arrays = tuple(np.empty(blob.shape, np.float32) for blob in blobs)
    read_blobs(zip(blobs, arrays, strict=True))
    return arrays


def _pieces(snapshot: SolverSnapshot) -> Iterator[bytes | memoryview]:
    yield encode_varint(_ITER << 3) + encode_varint(snapshot.iter)
    yield length_delimited(_LEARNED_NET, encode_text(snapshot.learned_net))
    for array in snapshot.history:
        yield from blob_pieces(_HISTORY, array)
    yield encode_varint(_CURRENT_STEP << 3) + encode_varint(snapshot.current_step)
