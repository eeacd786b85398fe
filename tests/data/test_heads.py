"""What is known of data before they are read."""

from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import lmdb
import numpy as np
import pytest

from protonet.data.assume import assumed_tops
from protonet.data.heads import batch_size, largest_label, record_count
from protonet.data.sources.builtin import COUNTS, NAMES, classes, read_builtin
from protonet.layers import LAYERS
from protonet.layers.base import Layer
from protonet.spec.read import parse_net


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(text: str) -> Layer:
    (said,) = parse_net(f"layer {{ {text} }}").layer
    return said.layer(LAYERS[said.type])


def of_data(source: str, more: str = "") -> Layer:
    return made(f'type: "Data" {more} data_param {{ source: "{source}" batch_size: 5 }}')


def of_list(more: str = "") -> Layer:
    return made(f'type: "ImageData" {more} image_data_param {{ source: "list" batch_size: 5 }}')


def test_a_folder_has_as_many_records_as_images(tmp_path: Path) -> None:
    (tmp_path / "list" / "cat").mkdir(parents=True)
    (tmp_path / "list" / "cat" / "1.png").touch()

    assert record_count(of_list(), ["data", "label"], tmp_path) == 1
    assert largest_label(of_list(), tmp_path) is None


def test_of_several_labels_the_first_counts(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.png 3 100\nb.png 4 200\n")
    layer = of_list().model_copy(update={"top_count": 3})

    assert largest_label(layer, tmp_path) == 4


def test_an_infinite_label_is_not_the_largest(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.png\t1e999\n")

    assert largest_label(of_list(), tmp_path) is None


def of_hdf5() -> Layer:
    return made('type: "HDF5Data" hdf5_data_param { source: "list" batch_size: 5 }')


@pytest.mark.parametrize("name", NAMES)
def test_what_is_built_in_has_as_many_records_and_classes_as_is_said(name: str) -> None:
    images = read_builtin(name)

    assert (len(images), int(images.labels.max()) + 1) == (COUNTS[name], classes(name))
    assert record_count(of_data(name), ["x"]) == COUNTS[name]
    assert largest_label(of_data(name)) == classes(name) - 1


def test_an_lmdb_knows_how_many_it_has() -> None:
    with lmdb.open("base") as environment, environment.begin(write=True) as transaction:
        for key in (b"1", b"2", b"3"):
            transaction.put(key, b"value")

    assert record_count(of_data("base"), ["x"]) == 3
    assert largest_label(of_data("base")) is None


def test_a_list_has_a_record_a_line() -> None:
    Path("list").write_text("a.png 3\nb.png 7\n", encoding="utf-8")
    assert (record_count(of_list(), ["x"]), largest_label(of_list())) == (2, 7)

    Path("list").write_text("a.png 3\nb.png 1", encoding="utf-8")
    assert (record_count(of_list(), ["x"]), largest_label(of_list())) == (2, 3)


def test_a_long_list_is_not_read_for_its_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protonet.data.heads.LONGEST_LIST", 10)
    Path("list").write_text("a.png 3\nb.png 7\n", encoding="utf-8")

    assert largest_label(of_list()) is None


def test_hdf5_has_the_rows_of_its_file_if_it_is_one() -> None:
    with h5py.File("a.h5", "w") as file:
        file["x"] = np.zeros((4, 3), np.float32)
    Path("list").write_text("a.h5\n", encoding="utf-8")
    assert record_count(of_hdf5(), ["x"]) == 4

    Path("list").write_text("a.h5\na.h5\n", encoding="utf-8")
    assert record_count(of_hdf5(), ["x"]) is None


def test_nothing_is_known_of_what_is_not_there() -> None:
    layers = (of_data("base"), of_data("builtin:none/train"), of_list(), of_hdf5(), other())

    assert [record_count(layer, ["x"]) for layer in layers] == [None] * 5
    assert [largest_label(layer) for layer in layers] == [None] * 5


def other() -> Layer:
    return made('type: "Input" input_param { shape { dim: 2 } }')


def test_batches_are_those_of_data_sets() -> None:
    layers = (of_data("base"), of_list(), of_hdf5(), other())

    assert [batch_size(layer) for layer in layers] == [5, 5, 5, None]


@pytest.mark.parametrize(
    ("layer", "tops"),
    [
        (of_data("b", "transform_param { crop_size: 8 }"), ((5, 3, 8, 8), (5,))),
        (
            of_data("b", "transform_param { crop_size: 8 force_gray: true }"),
            ((5, 1, 8, 8), (5,)),
        ),
        (
            of_data("b", "transform_param { crop_size: 8 mean_value: [1, 2, 3, 4] }"),
            ((5, 4, 8, 8), (5,)),
        ),
        (of_data("b"), None),
        (of_list(), None),
        (
            made(
                'type: "ImageData" image_data_param { new_height: 9 new_width: 9 is_color: false }'
            ),
            ((1, 1, 9, 9), (1,)),
        ),
        (other(), None),
    ],
)
def test_tops_are_guessed_where_something_says_their_size(
    layer: Layer, tops: tuple[tuple[int, ...], ...] | None
) -> None:
    assert assumed_tops(layer, 2) == tops
