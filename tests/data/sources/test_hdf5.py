from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest
from numpy.typing import NDArray

from protonet.data.seeds import Seed
from protonet.data.sources.hdf5 import HDF5Rows
from protonet.data.sources.hdf5_files import first_shapes, list_files
from protonet.diagnostics import DiagnosticError
from tests.data.builders import write_h5


def write(folder: Path, *sizes: int) -> Path:
    """Files whose rows count on: x of shape (rows, 2), y of shape (rows)."""
    start = 0
    for number, size in enumerate(sizes):
        y = np.arange(start, start + size)
        write_h5(folder / f"{number}.h5", x=np.stack([y, y + 0.5], 1), y=y)
        start += size
    (folder / "list.txt").write_text(" ".join(f"{n}.h5" for n in range(len(sizes))))
    return folder / "list.txt"


def read(rows: HDF5Rows, position: int, number: int) -> list[int]:
    x, y = rows.read(position, number)
    np.testing.assert_array_equal(x, np.stack([y, y + np.float32(0.5)], 1))
    assert (x.dtype, y.dtype) == (np.float32, np.float32)
    return y.astype(int).tolist()


def test_rows_follow_each_other_through_all_files_and_begin_anew(tmp_path: Path) -> None:
    rows = HDF5Rows(write(tmp_path, 3, 1, 2), ["x", "y"])

    assert (rows.size, rows.files) == (6, 3)
    assert read(rows, 0, 2) == [0, 1]
    assert read(rows, 2, 6) == [2, 3, 4, 5, 0, 1]
    assert read(rows, 8, 1) == [2]


def test_shuffled_epochs_keep_files_together_and_hold_every_row_once(tmp_path: Path) -> None:
    path = write(tmp_path, 4, 4, 4)
    rows = HDF5Rows(path, ["x", "y"], seed=Seed.of(1701, 0))

    epochs = [read(rows, 12 * epoch, 12) for epoch in range(4)]

    assert [sorted(epoch) for epoch in epochs] == [list(range(12))] * 4
    for epoch in epochs:
        files: NDArray[np.int64] = np.array(epoch).reshape(3, 4) // 4
        assert (files == files[:, :1]).all()
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert read(HDF5Rows(path, ["x", "y"], seed=Seed.of(1701, 0)), 17, 9) == [
        *epochs[1][5:],
        *epochs[2][:2],
    ]


def test_shapes_are_those_of_the_first_file(tmp_path: Path) -> None:
    assert first_shapes(write(tmp_path, 3, 1), ["y", "x"]) == ((3,), (3, 2))


def test_a_list_may_hold_blanks_and_lines(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.h5\n\nb.h5 c.h5\r\n")
    (tmp_path / "b.h5").touch()

    assert list_files(tmp_path / "list.txt") == [
        Path("a.h5"),
        tmp_path / "b.h5",
        Path("c.h5"),
    ]


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(" \n")

    with pytest.raises(DiagnosticError, match=r"PN505.*names no file"):
        list_files(tmp_path / "list.txt")


def test_all_files_that_are_wrong_are_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, 2, 2, 2, 2, 2, 2)
    write_h5(tmp_path / "1.h5", x=np.zeros((2, 2)))
    write_h5(tmp_path / "2.h5", x=np.zeros((2, 2)), y=np.zeros(3))
    write_h5(tmp_path / "3.h5", x=np.zeros((2, 3)), y=np.zeros(2))
    (tmp_path / "4.h5").write_bytes(b"no file of HDF5")
    write_h5(tmp_path / "5.h5", x=np.zeros((2, 2)), y=np.array([b"a", b"b"]))

    with pytest.raises(DiagnosticError) as raised:
        HDF5Rows(path, ["x", "y"])

    messages = [d.message.replace(str(tmp_path), "") for d in raised.value.diagnostics]
    assert {d.code for d in raised.value.diagnostics} == {"PN510"}
    assert messages[3].startswith("cannot read `/4.h5`: ")
    assert messages[:3] + messages[4:] == [
        "`/1.h5` has no dataset `y` of numbers",
        "the datasets of `/2.h5` differ in their number of rows: `x` (2, 2), `y` (3,)",
        "dataset `x` of `/3.h5` is (2, 3), but (2, 2) in `/0.h5`",
        "the dataset `y` of `/5.h5` holds values of type |S1, not numbers",
    ]


def test_a_file_that_is_gone_later_is_named(tmp_path: Path) -> None:
    rows = HDF5Rows(write(tmp_path, 1, 1), ["x", "y"])
    (tmp_path / "1.h5").unlink()

    with pytest.raises(DiagnosticError, match=r"PN510.*cannot read .*1\.h5"):
        rows.read(0, 2)


def test_skip_leaves_out_files_that_cannot_be_read_and_tells_them(tmp_path: Path) -> None:
    path = write(tmp_path, 2, 2, 2, 2)
    (tmp_path / "0.h5").write_bytes(b"no file of HDF5")
    write_h5(tmp_path / "2.h5", x=np.zeros((2, 2)))

    rows = HDF5Rows(path, ["x", "y"], skips=True)

    assert first_shapes(path, ["x", "y"], skips=True) == ((2, 2), (2,))
    assert (rows.size, read(rows, 0, 5)) == (4, [2, 3, 6, 7, 2])
    (told,) = rows.told()
    assert told.code == "PN518"
    assert "2 of the 4 files of" in told.message
    assert f"skipped: `{tmp_path / '0.h5'}`, `{tmp_path / '2.h5'}`" in told.message


def test_rows_of_the_next_file_stand_in_for_one_that_is_damaged_later(tmp_path: Path) -> None:
    rows = HDF5Rows(write(tmp_path, 1, 3, 2), ["x", "y"], skips=True)
    (tmp_path / "1.h5").write_bytes(b"damaged")

    assert read(rows, 0, 6) == [0, 4, 5, 4, 4, 5]
    assert rows.label(1, 3, 1) == f"row 1 of `{tmp_path / '2.h5'}`"
    assert "1 of the 3 files" in rows.told()[0].message


def test_a_list_without_any_good_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("0.h5 1.h5")

    with pytest.raises(DiagnosticError, match=r"PN519.*none of the 2 files"):
        HDF5Rows(tmp_path / "list.txt", ["x"], skips=True)


def test_letter_case_and_numbers_in_a_list_are_hinted_at(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write_h5(tmp_path / "train.h5", x=np.zeros((2, 2)), y=np.zeros(2))
    (tmp_path / "list.txt").write_text(f"{tmp_path}/Train.h5 1")

    with pytest.raises(DiagnosticError) as raised:
        HDF5Rows(tmp_path / "list.txt", ["x", "y"])

    assert [d.help for d in raised.value.diagnostics] == [
        f"did you mean `{tmp_path}/train.h5`? case matters in names",
        "a list for HDF5Data names files, and nothing but files, between blanks",
    ]


def test_an_hdf5_file_in_place_of_its_list_is_told(tmp_path: Path) -> None:
    write(tmp_path, 1)

    with pytest.raises(DiagnosticError, match=r"PN505.*is an HDF5 file, so it is no list"):
        list_files(tmp_path / "0.h5")


def test_a_dataset_may_have_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "0.h5", "w") as file:
        file.create_dataset(b"caf\xe9", data=np.ones(2, np.float32))
    (tmp_path / "list.txt").write_text("0.h5")

    (values,) = HDF5Rows(tmp_path / "list.txt", ["caf\udce9"]).read(0, 2)

    assert values.tolist() == [1, 1]
    with pytest.raises(DiagnosticError, match=r"no dataset `x` of numbers(.|\n)*has `caf\ufffd`"):
        HDF5Rows(tmp_path / "list.txt", ["x"])
    with pytest.raises(DiagnosticError, match=r"no dataset `\ufffd` of numbers"):
        HDF5Rows(tmp_path / "list.txt", ["\udce9"])


def test_files_without_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match=r"PN510.*has no rows"):
        HDF5Rows(write(tmp_path, 0, 0), ["x", "y"])


def test_a_file_without_rows_among_others_is_passed_over(tmp_path: Path) -> None:
    assert read(HDF5Rows(write(tmp_path, 2, 0, 1), ["x", "y"]), 0, 4) == [0, 1, 2, 0]


@pytest.mark.parametrize("shape", [(10**10, 2), (2, 10**10)])
def test_a_shape_that_no_file_of_its_size_holds_is_not_allocated(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    with h5py.File(tmp_path / "0.h5", "w") as file:
        file.create_dataset("x", shape, "f4", chunks=(2, 2))
    (tmp_path / "list.txt").write_text("0.h5")

    with pytest.raises(DiagnosticError, match=r"PN510.*`x` of .* is \(.*, more than a file of"):
        HDF5Rows(tmp_path / "list.txt", ["x"])


def test_values_that_were_never_written_are_those_that_fill(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "0.h5", "w") as file:
        file.create_dataset("x", (2, 1000), "f4", fillvalue=3)
    (tmp_path / "list.txt").write_text("0.h5")

    (values,) = HDF5Rows(tmp_path / "list.txt", ["x"]).read(0, 2)

    assert (values == 3).all()


def test_a_dataset_may_be_that_of_other_files(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout((10**10, 2), "f4")
    write_h5(tmp_path / "far.h5", x=np.ones((1, 2), np.float32))
    layout[:1] = h5py.VirtualSource(str(tmp_path / "far.h5"), "x", (1, 2))
    with h5py.File(tmp_path / "0.h5", "w") as file:
        file.create_virtual_dataset("x", layout)
    (tmp_path / "list.txt").write_text("0.h5")

    assert first_shapes(tmp_path / "list.txt", ["x"]) == ((10**10, 2),)
