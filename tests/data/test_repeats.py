"""Which samples come again, and what tells them from others."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.data.feed import Feed
from protonet.data.identity import of_arrays, of_database, of_file, of_files
from protonet.data.pipe import Pipe
from protonet.data.repeats import Identified, Repeating, UnrepeatableError, Variants, changing
from protonet.data.seeds import Seed
from protonet.data.sources.base import Image, Order, Pixels
from protonet.data.sources.builtin import read_builtin
from protonet.data.streams.base import Pace
from protonet.data.streams.images import ImageStream
from protonet.data.transform import Transformer
from protonet.layers._data_parameter import DataParameter
from protonet.layers.data import Data
from protonet.message.common import Phase, TransformationParameter
from protonet.shape import Shape
from tests.data.builders import data_layer, random_images, raw_datum, write_lmdb

SEED = Seed.of(1701, 0)
IMAGES = read_builtin("builtin:digits/test")  # 28 x 28


@pytest.mark.parametrize(
    ("fields", "phase", "changes"),
    [
        ({}, Phase.TRAIN, set[str]()),
        ({"scale": 0.5, "mean_value": (3.0,)}, Phase.TRAIN, set[str]()),
        ({"crop_size": 24}, Phase.TRAIN, {"crop_size"}),
        ({"crop_size": 24}, Phase.TEST, set[str]()),
        ({"crop_size": 28}, Phase.TRAIN, set[str]()),
        ({"mirror": True}, Phase.TEST, {"mirror"}),
        ({"rotate": 5.0, "train_mirror": True}, Phase.TRAIN, {"rotate", "train_mirror"}),
        ({"rotate": 5.0, "train_mirror": True}, Phase.TEST, set[str]()),
        ({"oversample": True}, Phase.TEST, {"oversample"}),
    ],
)
def test_some_fields_make_another_image_each_time(
    fields: dict[str, object], phase: Phase, changes: set[str]
) -> None:
    assert changing(TransformationParameter.of(fields), phase, IMAGES) == changes


def test_variants_come_in_turn() -> None:
    variants = Variants(2, 3, SEED)
    images = np.array([0, 1, 2, 2, 0, 1, 0])

    assert variants.samples(images, np.arange(7) // 3).tolist() == [0, 1, 2, 5, 3, 4, 0]


def test_a_sample_has_the_same_numbers_wherever_it_stands() -> None:
    variants = Variants(2, 3, SEED)
    draws = variants.draws(np.arange(6))

    assert len(np.unique(draws)) == 18
    np.testing.assert_array_equal(variants.draws(np.array([5, 0, 5])), draws[:, [5, 0, 5]])


def stream(source: str, **fields: object) -> Pipe:
    param = {"source": source, **fields}
    layer = Data.of({"data_param": DataParameter.of(param)})
    pipe = Feed([data_layer(layer)], seed=1701).pipe("input")
    assert pipe is not None
    return pipe


def test_a_pipe_says_what_comes_and_leaves_it_out() -> None:
    pipe = stream("builtin:digits/test", batch_size=200)
    assert isinstance(pipe.stream, Repeating)
    repeats = pipe.stream.repeats()

    assert [pipe.place(later) for later in range(3)] == [(0, 200), (200, 200), (400, 200)]
    assert repeats.at(400, 200).tolist() == [*range(400, 500), *range(100)]
    pipe.skip()
    assert pipe.place() == (200, 200)


def test_what_was_made_ahead_is_left_out_in_order(tmp_path: Path) -> None:
    records = [raw_datum(pixels, at) for at, pixels in enumerate(random_images(5, 1, 3, 2))]
    records[1] = raw_datum(random_images(1, 1, 4, 4)[0], 1)  # else they are held in memory
    path = write_lmdb(tmp_path / "lmdb", records)
    pipe = stream(str(path), backend=DataParameter.DB.LMDB, batch_size=1, prefetch=3)

    labels = [int(pipe.next()[1])]
    pipe.skip()
    labels.append(int(pipe.next()[1]))

    assert labels == [0, 2]


def test_a_data_set_has_no_pipe_of_another_name() -> None:
    assert Feed([]).pipe("data") is None


def test_identities_are_those_of_what_is_read(tmp_path: Path) -> None:
    pixels = np.zeros((2, 1, 2, 2), np.uint8)
    one = Pixels("a", pixels, np.zeros(2, np.float32))
    other = Pixels("b", pixels, np.ones(2, np.float32))

    assert isinstance(one, Identified)
    assert one.identity() != other.identity()
    assert one.identity() == Pixels("c", pixels.copy(), one.labels).identity()
    assert of_arrays(pixels) != of_arrays(pixels.reshape(2, 4))
    file = tmp_path / "file"
    assert of_file(file) == [str(file)]
    file.write_text("x")
    before = of_files([file])
    os.utime(file, ns=(0, 1))
    assert of_file(file) == [str(file), 1, 1]
    assert of_files([file]) != before


def test_a_database_is_its_files_but_for_its_lock(tmp_path: Path) -> None:
    path = write_lmdb(tmp_path / "lmdb", [b"record"])
    before = of_database(path)
    (path / "lock.mdb").write_bytes(b"")

    assert of_database(path) == before
    assert of_database(path / "data.mdb") == before
    with (path / "data.mdb").open("r+b") as file:
        file.write(b"\x01")
    assert of_database(path)[-1] != before[-1]


class Nameless:
    """A reader of nobody knows what."""

    name = "camera"

    def __len__(self) -> int:
        return 3

    def shape(self) -> Shape:
        return IMAGES.shape()

    def label(self, index: int) -> str:
        return IMAGES.label(index)

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        return IMAGES.read(indices)


def test_a_reader_that_cannot_tell_itself_from_others_is_refused() -> None:
    does = Transformer(TransformationParameter(), Phase.TRAIN, SEED, "camera", torch.device("cpu"))
    images = ImageStream(Nameless(), Order(3), does, Pace(step=1, size=3), 2)

    with pytest.raises(UnrepeatableError, match="nothing tells `camera` from other data"):
        images.repeats()
