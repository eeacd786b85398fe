"""HDF5 files on a full disk."""

import errno
import subprocess
import sys
from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest

from protonet.diagnostics import DiagnosticError
from protonet.weights.hdf5_file import Sink, created

FULL = """\
import resource, sys
from pathlib import Path
import numpy as np
from protonet.diagnostics import DiagnosticError
from protonet.weights.hdf5_file import created
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with created(Path(sys.argv[1])) as root:
        root["first"] = np.ones(1000)
        root["second"] = np.ones(100_000)
        root["third"] = np.ones(1000)
except DiagnosticError as error:
    print(error.diagnostics[0].code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of this kind")
def test_a_full_disk_keeps_the_old_file_and_the_process(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"old")

    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "PN408\n", "")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.h5", b"old")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_the_first_error_is_kept_and_what_follows_is_taken() -> None:
    with Path("/dev/full").open("r+b", buffering=0) as file:
        sink = Sink(file)

        assert sink.write(memoryview(b"some")) == 4
        assert sink.error is not None
        assert sink.error.errno == errno.ENOSPC
        assert sink.write(memoryview(b"more")) == 4
        assert sink.truncate(10) == 10
        assert sink.error.errno == errno.ENOSPC


def test_what_is_written_can_be_read_and_grown(tmp_path: Path) -> None:
    with created(tmp_path / "a.h5") as root:
        rows = root.create_dataset("rows", (0, 3), "<f4", maxshape=(None, 3), chunks=True)
        for number in range(50):
            rows.resize(number + 1, 0)
            rows[number] = number
        root["whole"] = np.arange(1000)
        root.flush()
        assert np.array_equal(np.asarray(root["whole"]), np.arange(1000))

    with h5py.File(tmp_path / "a.h5") as root:
        assert np.array_equal(np.asarray(root["rows"])[:, 0], np.arange(50))


def test_a_fault_of_the_caller_leaves_nothing(tmp_path: Path) -> None:
    def wrong() -> None:
        with created(tmp_path / "a.h5") as root:
            root["a"] = np.ones(3)
            raise KeyError

    with pytest.raises(KeyError):
        wrong()
    with pytest.raises(DiagnosticError, match="PN408"), created(tmp_path / "gone" / "a.h5"):
        pass
    assert list(tmp_path.iterdir()) == []
