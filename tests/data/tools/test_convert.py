import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import cv2
import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import lmdb
import numpy as np
import pytest

from protonet.data.sources.hdf5 import HDF5Rows
from protonet.data.sources.lmdb import LMDB
from protonet.data.tools import stores
from protonet.data.tools.convert import Bad, Conversion, Converted, convert
from protonet.data.tools.listed import Listed, list_images
from protonet.data.tools.open import open_images
from protonet.data.tools.picture import Picturing
from protonet.data.tools.stores import Backend, HDF5Writer, LevelDBWriter, LMDBWriter
from protonet.diagnostics import DiagnosticError
from tests.data.builders import random_images, write_images

CAFFE = Path(__file__).parent / "caffe"
RECORDS = json.loads((CAFFE / "records.json").read_text())


def lmdb_items(path: Path) -> dict[bytes, bytes]:
    with lmdb.open(str(path), readonly=True, lock=False) as database, database.begin() as found:
        return dict(found.cursor())


def by_caffe(name: str) -> dict[bytes, bytes]:
    records: Mapping[str, str] = RECORDS[name]
    return {key.encode(): bytes.fromhex(value) for key, value in records.items()}


def images(folder: Path, number: int = 5, *shape: int) -> Listed:
    folder.mkdir(exist_ok=True)
    return list_images(
        write_images(folder, random_images(number, *(shape or (3, 4, 6))), range(number))
    )


def code(error: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return error.value.diagnostics[0].code


@pytest.mark.parametrize(
    ("name", "source", "picturing"),
    [
        ("lmdb_color", "color.txt", Picturing()),
        ("lmdb_gray", "gray.txt", Picturing(gray=True)),
        ("lmdb_png_encoded", "color.txt", Picturing(encode="")),
        ("lmdb_jpg_encoded", "jpg.txt", Picturing(encode="")),
        ("lmdb_resized", "sizes.txt", Picturing(resize=(6, 8))),
    ],
)
def test_an_lmdb_is_byte_for_byte_what_convert_imageset_writes(
    tmp_path: Path, name: str, source: str, picturing: Picturing
) -> None:
    done = convert(list_images(CAFFE / source), tmp_path / "db", Conversion(picturing=picturing))

    assert lmdb_items(tmp_path / "db") == by_caffe(name)
    assert done == Converted(len(RECORDS[name]), 0, [], tmp_path / "db")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["data.mdb", "db", "lock.mdb"]


def test_a_leveldb_has_the_same_records(tmp_path: Path) -> None:
    plyvel = pytest.importorskip("plyvel")

    convert(list_images(CAFFE / "color.txt"), tmp_path / "db", Conversion(Backend.LEVELDB))

    db = plyvel.DB(str(tmp_path / "db"))
    assert dict(db) == by_caffe("lmdb_color")
    db.close()


@pytest.mark.parametrize("label", ["2147483648", "-2147483649", "9" * 5000])
def test_a_label_that_no_record_holds_is_refused(tmp_path: Path, label: str) -> None:
    (tmp_path / "list.txt").write_text(f"0.png 2147483647\n1.png {label}\n")

    with pytest.raises(DiagnosticError, match=r"PN505.* line 2 of .*cannot hold the label -?\d"):
        list_images(tmp_path / "list.txt")


def test_infinity_is_no_label_of_a_record(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("0.png\t1e999\n")

    with pytest.raises(DiagnosticError, match=r"PN505.* cannot hold the label inf"):
        list_images(tmp_path / "list.txt")


def test_hdf5_is_a_list_of_files_that_hdf5_data_reads(tmp_path: Path) -> None:
    listed = images(tmp_path)

    done = convert(listed, tmp_path / "caf\udce9", Conversion(Backend.HDF5))

    assert done.source == tmp_path / "caf\udce9" / "list.txt"
    data, labels = HDF5Rows(done.source, ("data", "label")).read(0, 5)
    np.testing.assert_array_equal(data, random_images(5, 3, 4, 6))
    assert labels.tolist() == [0, 1, 2, 3, 4]


def test_a_file_of_hdf5_has_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HDF5Writer, "limit", 2)
    convert(images(tmp_path), tmp_path / "db", Conversion(Backend.HDF5))

    paths = sorted((tmp_path / "db").glob("*.h5"))
    assert [path.name for path in paths] == ["00000.h5", "00001.h5", "00002.h5"]
    with h5py.File(paths[2]) as file:
        assert (file["data"].dtype, file["number"][...].tolist()) == (np.uint8, [4])  # pyright: ignore[reportIndexIssue, reportAttributeAccessIssue] # h5py has no types


def test_a_folder_has_a_class_a_folder_and_its_names_are_kept(tmp_path: Path) -> None:
    for name in ("dogs/b.png", "cats/a.png", "cats/.hidden.png", "empty/readme.md"):
        (tmp_path / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "a.png"), np.zeros((2, 2, 3), np.uint8))
        (tmp_path / "a.png").replace(tmp_path / "pictures" / name)

    convert(list_images(tmp_path / "pictures"), tmp_path / "db", Conversion())

    assert list(lmdb_items(tmp_path / "db")) == [b"00000000_cats/a.png", b"00000001_dogs/b.png"]
    assert (tmp_path / "db" / "classes.txt").read_text() == "cats\ndogs\n"


def test_the_shorter_side_may_be_given(tmp_path: Path) -> None:
    wide, high = images(tmp_path / "wide", 1, 3, 10, 20), images(tmp_path / "high", 1, 3, 30, 15)
    shapes: list[tuple[int, ...]] = []
    for listed in (wide, high):
        out = tmp_path / f"{listed.path.parent.name}_lmdb"
        convert(listed, out, Conversion(picturing=Picturing(resize=5)))
        shapes += [image.pixels.shape for image in open_images(str(out)).read([0])]

    assert shapes == [(3, 5, 10), (3, 10, 5)]


def test_an_image_that_has_the_size_is_not_resized() -> None:
    (pixels,) = random_images(1, 1, 5, 7)
    file = cv2.imencode(".png", pixels[0])[1].tobytes()

    np.testing.assert_array_equal(Picturing(gray=True, resize=5).pixels(file), pixels)


def test_a_gray_image_is_resized_to_one_channel() -> None:
    file = cv2.imencode(".png", random_images(1, 8, 8)[0])[1].tobytes()

    assert Picturing(gray=True, resize=4).pixels(file).shape == (1, 4, 4)


def test_images_are_encoded_anew_where_they_are_resized_or_of_another_kind(tmp_path: Path) -> None:
    listed = images(tmp_path, 1, 3, 8, 8)
    convert(listed, tmp_path / "jpg", Conversion(picturing=Picturing(encode="jpg")))
    convert(listed, tmp_path / "small", Conversion(picturing=Picturing(resize=4, encode="")))

    seen = [next(open_images(str(tmp_path / name)).survey()) for name in ("jpg", "small")]
    assert [one.form for one in seen] == ["JPEG", "PNG"]
    shapes = [next(open_images(str(tmp_path / n)).read([0])).pixels.shape for n in ("jpg", "small")]
    assert shapes == [(3, 8, 8), (3, 4, 4)]


def test_an_image_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    listed = images(tmp_path)
    (tmp_path / "1.png").unlink()
    (tmp_path / "3.png").write_text("<html>")

    done = convert(listed, tmp_path / "db", Conversion())

    assert [key[:8] for key in lmdb_items(tmp_path / "db")] == [
        b"00000000",
        b"00000002",
        b"00000004",
    ]
    assert (done.written, [bad.name for bad in done.bad]) == (3, ["1.png", "3.png"])
    assert done.bad[0] == Bad("1.png", "no such file or directory")


def test_a_bad_image_may_end_it_and_what_was_written_stays(tmp_path: Path) -> None:
    listed = images(tmp_path)
    (tmp_path / "3.png").unlink()

    with pytest.raises(DiagnosticError) as error:
        convert(listed, tmp_path / "db", Conversion(skip=False))

    assert code(error) == "PN506"
    assert not (tmp_path / "db").exists()
    assert convert(listed, tmp_path / "db", Conversion()).written == 4


def test_a_name_that_is_too_long_for_a_key_is_a_bad_image(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"{CAFFE / 'color0.png'} 1\n{'x' * 510} 2\n")

    done = convert(list_images(tmp_path / "list.txt"), tmp_path / "db", Conversion())

    assert [bad.why for bad in done.bad] == ["its key would have 519 bytes, and LMDB takes 511"]


def test_a_kind_that_opencv_does_not_write_is_a_bad_image(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="OpenCV writes no images of the kind `gifx`"):
        convert(images(tmp_path), tmp_path / "db", Conversion(picturing=Picturing(encode="gifx")))


def test_nothing_is_made_of_images_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("gone.png 1\n")

    with pytest.raises(DiagnosticError) as error:
        convert(list_images(tmp_path / "list.txt"), tmp_path / "db", Conversion())

    assert (code(error), (tmp_path / "db").exists()) == ("PN542", False)


@pytest.mark.parametrize(
    "conversion", [Conversion(check_size=True), Conversion(Backend.HDF5)], ids=["check", "hdf5"]
)
def test_images_of_another_size_are_refused(tmp_path: Path, conversion: Conversion) -> None:
    listed = images(tmp_path)
    cv2.imwrite(str(tmp_path / "2.png"), np.zeros((9, 9, 3), np.uint8))

    with pytest.raises(DiagnosticError, match=r"`0.png` and `2.png` differ in size"):
        convert(listed, tmp_path / "db", conversion)


def test_a_shuffle_depends_on_the_seed_alone(tmp_path: Path) -> None:
    listed = images(tmp_path, 20)

    orders = [[entry.name for entry in listed.shuffled(seed).entries] for seed in (1, 1, 2)]

    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[2]) == sorted(entry.name for entry in listed.entries)


def test_a_database_grows_as_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_MAP_SIZE", 2**16)

    convert(images(tmp_path, 4, 3, 64, 128), tmp_path / "db", Conversion())

    assert len(LMDB(tmp_path / "db").keys()) == 4


def test_groups_are_of_a_number_and_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "GROUP_BYTES", 10)

    groups = list(stores.grouped([1, 2, 9, 3, 1, 1, 1], 3, int))

    assert groups == [[1, 2, 9], [3, 1, 1], [1]]
    assert list(stores.grouped([12, 1], 3, int)) == [[12], [1]]


def test_a_conversion_that_was_killed_goes_on(tmp_path: Path) -> None:
    """A process is killed after it stored two groups of three; here the rest is done."""
    listed = images(tmp_path, 9)
    (tmp_path / "1.png").unlink()
    script = f"""
import os, signal
from pathlib import Path
from protonet.data.tools.convert import Conversion, convert
from protonet.data.tools.listed import list_images
from protonet.data.tools.stores import LMDBWriter

LMDBWriter.limit = 3
write, groups = LMDBWriter.write, []

def counted(self, group):
    if len(groups) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    groups.append(group)
    write(self, group)

LMDBWriter.write = counted
convert(list_images(Path({str(listed.path)!r})), Path({str(tmp_path / "db")!r}), Conversion())
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    told: list[int] = []

    done = convert(listed, tmp_path / "db", Conversion(), progress=told.append)

    assert killed.returncode == -signal.SIGKILL
    assert (done.written, done.before, len(done.bad)) == (8, 6, 1)
    assert sum(told) == 9
    whole = convert(listed, tmp_path / "whole", Conversion())
    assert whole.written == 8
    assert lmdb_items(tmp_path / "db") == lmdb_items(tmp_path / "whole")


@pytest.mark.parametrize("backend", list(Backend))
def test_what_one_writer_left_another_goes_on_with(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = images(tmp_path)
    conversion = Conversion(backend, skip=False, check_size=True)
    last = (tmp_path / "4.png").read_bytes()
    for writer in (LMDBWriter, LevelDBWriter, HDF5Writer):
        monkeypatch.setattr(writer, "limit", 2)
    (tmp_path / "4.png").write_bytes(b"")
    with pytest.raises(DiagnosticError):
        convert(listed, tmp_path / "db", conversion)
    (tmp_path / "4.png").write_bytes(last)

    done = convert(listed, tmp_path / "db", conversion)

    assert (done.written, done.before) == (5, 4)
    found = open_images(str(done.source))
    labels = [image.label for image in found.read(range(5))]
    assert labels == [0, 1, 2, 3, 4]


def test_another_conversion_does_not_go_on_unless_it_begins_anew(tmp_path: Path) -> None:
    listed = images(tmp_path)
    folder = tmp_path / "db.unfinished"
    (folder / "deeper").mkdir(parents=True)
    (folder / "protonet.json").write_text(json.dumps({"--gray": True}))
    (folder / "data.mdb").write_text("of another")

    with pytest.raises(DiagnosticError) as error:
        convert(listed, tmp_path / "db", Conversion())
    done = convert(listed, tmp_path / "db", Conversion(), restart=True)

    assert (code(error), done.before, done.written) == ("PN545", 0, 5)
    assert sorted(path.name for path in (tmp_path / "db").iterdir()) == ["data.mdb", "lock.mdb"]


def test_a_folder_that_no_conversion_made_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "db.unfinished").mkdir()
    (tmp_path / "db.unfinished" / "thesis.txt").write_text("mine")

    with pytest.raises(DiagnosticError) as error:
        convert(images(tmp_path), tmp_path / "db", Conversion())

    assert code(error) == "PN545"
    assert (tmp_path / "db.unfinished" / "thesis.txt").read_text() == "mine"


def test_a_data_set_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()

    with pytest.raises(DiagnosticError) as error:
        convert(images(tmp_path), tmp_path / "db", Conversion())

    assert code(error) == "PN540"


def test_two_processes_do_not_make_the_same(tmp_path: Path) -> None:
    listed = images(tmp_path)
    script = f"""
from pathlib import Path
from protonet.data.tools.unfinished import unfinished

with unfinished(Path({str(tmp_path / "db")!r}), {{}}):
    print("begun", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"begun\n"
        with pytest.raises(DiagnosticError, match="another process makes"):
            convert(listed, tmp_path / "db", Conversion())
        other.kill()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DiagnosticError) as error:
        convert(images(tmp_path), tmp_path / "file" / "db", Conversion())

    assert code(error) == "PN408"


@pytest.mark.parametrize("writer", [LMDBWriter, LevelDBWriter])
def test_a_database_that_cannot_be_opened_is_told(
    tmp_path: Path, writer: type[LMDBWriter | LevelDBWriter]
) -> None:
    (tmp_path / "db").write_text("no folder")

    with pytest.raises(DiagnosticError) as error:
        writer(tmp_path / "db")

    assert code(error) == "PN408"


def test_without_plyvel_no_leveldb_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plyvel", None)

    with pytest.raises(DiagnosticError) as error:
        convert(images(tmp_path), tmp_path / "db", Conversion(Backend.LEVELDB))

    assert code(error) == "PN502"
