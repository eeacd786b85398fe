"""Data that are not what they seem: a diagnostic names file and entry, and no thread is left."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import protonet
from protonet.diagnostics import DiagnosticError
from protonet.weights.binaryproto import write_blob
from tests.data.builders import (
    encode_datum,
    png,
    random_images,
    raw_datum,
    write_h5,
    write_images,
    write_lmdb,
)

IMAGES = random_images(4, 3, 6, 8)
JPEG = cv2.imencode(".jpg", random_images(1, 64, 64, 3)[0])[1].tobytes()
FRAME = JPEG.index(b"\xff\xc0")
HUGE = JPEG[: FRAME + 5] + (60_000).to_bytes(2, "big") * 2 + JPEG[FRAME + 9 :]

NET = """
name: "bad"
layer {{ name: "in" type: "{kind}" top: "data" top: "label" {param} }}
layer {{
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param {{ num_output: 3 weight_filler {{ type: "xavier" }} }}
}}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }}
"""


def listed(more: str = "") -> str:
    param = 'image_data_param { source: "list.txt" batch_size: 2 } ' + more
    return NET.format(kind="ImageData", param=param)


def recorded(more: str = "") -> str:
    param = 'data_param { source: "db" backend: LMDB batch_size: 2 } ' + more
    return NET.format(kind="Data", param=param)


def rows() -> str:
    return NET.format(kind="HDF5Data", param='hdf5_data_param { source: "h5.txt" batch_size: 2 }')


def image(content: bytes) -> Callable[[Path], str]:
    """A list whose third image is this."""

    def make(folder: Path) -> str:
        write_images(folder, IMAGES, [0, 1, 2, 0])
        (folder / "2.png").write_bytes(content)
        return listed()

    return make


def record(content: bytes) -> Callable[[Path], str]:
    """A database whose third record is this."""

    def make(folder: Path) -> str:
        good = [encode_datum(png(image), encoded=True) for image in IMAGES[:2]]
        write_lmdb(folder / "db", [*good, content])
        return recorded()

    return make


def no_list(_: Path) -> str:
    return listed()


def empty_list(folder: Path) -> str:
    (folder / "list.txt").touch()
    return listed()


def sizes_that_differ(folder: Path) -> str:
    write_images(folder, IMAGES, [0, 1, 2, 0])
    (folder / "3.png").write_bytes(png(IMAGES[0][:, 1:]))
    (folder / "list.txt").write_text("0.png 0\n1.png 1\n3.png 0\n2.png 2\n")
    return listed()


def records_that_differ(folder: Path) -> str:
    images = [*IMAGES[:3], IMAGES[3][:, 1:]]
    write_lmdb(folder / "db", [raw_datum(image, label) for label, image in enumerate(images)])
    return recorded()


def too_small_for_the_crop(folder: Path) -> str:
    write_images(folder, IMAGES, [0, 1, 2, 0])
    (folder / "2.png").write_bytes(png(IMAGES[0][:, 1:]))
    return listed("transform_param { crop_size: 6 }")


def mean_of_another_size(folder: Path) -> str:
    write_images(folder, IMAGES, range(4))
    write_blob(folder / "m.binaryproto", np.zeros((1, 3, 7, 8), np.float32))
    return listed('transform_param { mean_file: "m.binaryproto" }')


def cut_database(folder: Path) -> str:
    write_lmdb(folder / "db", map(raw_datum, random_images(60, 3, 20, 20)))
    os.truncate(folder / "db" / "data.mdb", 40_000)
    return recorded()


def no_dataset(folder: Path) -> str:
    write_h5(folder / "a.h5", data=np.zeros((4, 3), np.float32))
    (folder / "h5.txt").write_text("a.h5\n")
    return rows()


def label_beyond_the_classes(folder: Path) -> str:
    write_images(folder, IMAGES, [0, 7, 0, 0])
    return listed()


def label_of_a_record(folder: Path) -> str:
    write_lmdb(
        folder / "db", [raw_datum(IMAGES[at], label) for at, label in enumerate([0, 1, 2, 7])]
    )
    return recorded()


def label_of_a_row(folder: Path) -> str:
    write_h5(folder / "a.h5", data=np.zeros((3, 3), np.float32), label=np.array([1, 7, 0]))
    (folder / "h5.txt").write_text("a.h5\n")
    return rows()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (no_list, "PN501.*the source `list.txt` does not exist"),
        (empty_list, r"PN505.*the list `.*list.txt` is empty"),
        (image(b""), r"PN506.*line 3 of `.*list.txt`.*`2.png`: it is empty"),
        (image(b"<html>"), r"PN506.*line 3 of .*`2.png`: OpenCV cannot"),
        (image(JPEG[:900]), r"PN506.*line 3 of .*`2.png`: the JPEG is cut short"),
        (image(HUGE), r"PN506.*`2.png`: its header says 60,000 x 60,000 pixels"),
        (record(b"\xff"), r"PN504.*record `00000002` of `.*db` is not a Datum"),
        (
            record(encode_datum(JPEG[:900], encoded=True)),
            r"PN504.*record `00000002` of `.*db` is no image: the JPEG is cut short",
        ),
        (
            record(encode_datum(b"abc", (1, 2, 3))),
            r"PN504.*record `00000002` of `.*db` is no image: 3 values do not fill",
        ),
        (
            sizes_that_differ,
            r"PN507.*a batch of `.*list.txt` holds images of .*: `3.png` and `2.png`",
        ),
        (too_small_for_the_crop, r"PN508.*`crop_size: 6` is larger than `2.png` of `.*list.txt`"),
        (records_that_differ, r"PN507.*a batch of `.*db` holds images of .*: `00000002` and"),
        (
            mean_of_another_size,
            r"PN509.*the mean in `m.binaryproto` is \(3, 7, 8\), but `0.png` of",
        ),
        (cut_database, r"PN503.*the LMDB `.*db` is cut short"),
        (no_dataset, r"PN510.*`.*a.h5` has no dataset `label` of numbers"),
        (
            label_beyond_the_classes,
            r"PN302.*layer `loss`: .*label 7.*`1.png` of `.*list.txt` has it",
        ),
        (label_of_a_record, r"PN302.*label 7.*`00000003` of `.*db` has it in `label`"),
        (label_of_a_row, r"PN302.*label 7.*row 1 of `.*a.h5` has it in `label`"),
    ],
)
def test_it_is_named_and_all_threads_end(
    tmp_path: Path, make: Callable[[Path], str], message: str
) -> None:
    before = threading.active_count()
    path = tmp_path / "net.prototxt"
    path.write_text(make(tmp_path))

    with pytest.raises(DiagnosticError, match=f"(?s){message}"):
        run(path)

    assert threading.active_count() <= before  # a thread of an earlier test may just have ended


def run(path: Path) -> None:
    """Run a net on two batches."""
    net = protonet.Net(path, phase="TRAIN")
    with net.feed:
        for _ in range(2):
            net({})
