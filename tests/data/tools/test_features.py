from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest

from protonet.data.sources.lmdb import LMDB
from protonet.data.tools.features import writing
from protonet.data.tools.open import open_images
from protonet.data.tools.stores import Backend
from protonet.diagnostics import DiagnosticError
from tests.data.builders import encode_datum

FIRST = np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1)
SECOND = np.array([[-1], [1.5]], np.float32)


def write_both(outs: list[Path], backend: Backend = Backend.LMDB) -> None:
    with writing(outs, ("conv/a", "fc"), backend) as sink:
        for part in (slice(0, 1), slice(1, 2)):
            sink.write("conv/a", FIRST[part])
            sink.write("fc", SECOND[part])


def test_an_npz_has_all_blobs_by_name(tmp_path: Path) -> None:
    write_both([tmp_path / "f.npz"])

    with np.load(tmp_path / "f.npz") as arrays:
        assert sorted(arrays) == ["conv/a", "fc"]
        assert arrays["fc"].dtype == np.float32
        np.testing.assert_array_equal(arrays["conv/a"], FIRST)
        np.testing.assert_array_equal(arrays["fc"], SECOND)
    assert [path.name for path in tmp_path.iterdir()] == ["f.npz"]


def test_an_h5_has_all_blobs_by_name(tmp_path: Path) -> None:
    write_both([tmp_path / "f.h5"])

    with h5py.File(tmp_path / "f.h5") as file:
        np.testing.assert_array_equal(file["conv/a"], FIRST)
        np.testing.assert_array_equal(file["fc"], SECOND)


def test_a_blob_of_an_h5_may_have_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    with writing([tmp_path / "f.h5"], ["caf\udce9"]) as sink:
        sink.write("caf\udce9", SECOND)

    with h5py.File(tmp_path / "f.h5") as file:
        np.testing.assert_array_equal(file[b"caf\xe9"], SECOND)


@pytest.mark.parametrize("backend", [Backend.LMDB, Backend.LEVELDB])
def test_a_database_has_a_blob_and_axes_that_it_lacks_are_1(
    tmp_path: Path, backend: Backend
) -> None:
    write_both([tmp_path / "a", tmp_path / "b"], backend)

    for name, values in (("a", FIRST), ("b", SECOND.reshape(2, 1, 1, 1))):
        images = open_images(str(tmp_path / name))
        assert images.names(3) == ["0000000000", "0000000001"]
        np.testing.assert_array_equal(np.stack([i.pixels for i in images.read([0, 1])]), values)


def test_records_are_byte_for_byte_those_of_extract_features(tmp_path: Path) -> None:
    """Caffe sets channels, height and width, and adds the floats one by one; no label."""
    write_both([tmp_path / "a", tmp_path / "b"])

    expected = encode_datum(shape=(1, 1, 1), label=None, floats=[1.5])
    store = LMDB(tmp_path / "b")
    assert [bytes(value) for value in store.values([b"0000000001"])] == [expected]


def test_a_file_may_be_given_for_each_blob(tmp_path: Path) -> None:
    write_both([tmp_path / "a.npz", tmp_path / "b.hdf5"])

    with np.load(tmp_path / "a.npz") as arrays, h5py.File(tmp_path / "b.hdf5") as file:
        assert (list(arrays), list(file)) == (["conv/a"], ["fc"])  # pyright: ignore[reportUnknownArgumentType] # h5py has no types


def test_outputs_must_be_one_for_each_blob(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="2 blobs cannot be written to 3 outputs"):
        write_both([tmp_path / "a", tmp_path / "b", tmp_path / "c"])


@pytest.mark.parametrize("name", ["f.npz", "f.h5", "f"])
def test_what_fails_leaves_nothing_that_looks_whole(tmp_path: Path, name: str) -> None:
    def killed() -> None:
        with writing([tmp_path / name], ("fc",)) as sink:
            sink.write("fc", SECOND)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()

    assert not (tmp_path / name).exists()


def test_rows_keep_their_shape(tmp_path: Path) -> None:
    with writing([tmp_path / "f.npz"], ("fc",)) as sink:
        sink.write("fc", SECOND)
        with pytest.raises(DiagnosticError, match=r"change their shape from \(1,\) to \(2,\)"):
            sink.write("fc", SECOND.reshape(1, 2))


def test_a_datum_has_three_axes_at_most(tmp_path: Path) -> None:
    with (
        pytest.raises(DiagnosticError, match="more axes than a Datum"),
        writing([tmp_path / "f"], ("video",)) as sink,
    ):
        sink.write("video", np.zeros((1, 2, 3, 4, 5), np.float32))


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as error:
        write_both([tmp_path / "gone" / "f.npz"])

    assert error.value.diagnostics[0].code == "PN408"
