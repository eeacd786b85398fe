"""What several processes read: here one after the other."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from protonet.data.feed import Feed
from protonet.data.shard import WHOLE, Shard
from protonet.layers.base import Layer
from protonet.layers.data import Data, DataParameter
from protonet.layers.dummy_data import DummyData, DummyDataParameter
from protonet.layers.hdf5_data import HDF5Data, HDF5DataParameter
from protonet.layers.image_data import ImageData, ImageDataParameter
from protonet.layers.memory_data import MemoryData, MemoryDataParameter
from protonet.message.common import (
    BlobShape,
    FillerParameter,
    Phase,
    TransformationParameter,
)
from tests.data.builders import (
    data_layer,
    encode_datum,
    png,
    random_images,
    write_h5,
    write_images,
    write_lmdb,
)


def digits(folder: Path, batch: int) -> Layer:
    return Data(
        data_param=DataParameter(source="builtin:digits/train", batch_size=batch),
        transform_param=TransformationParameter(mirror=True, crop_size=20),
    )


def shuffled(folder: Path, batch: int) -> Layer:
    param = ImageDataParameter(
        source=str(folder / "list.txt"), batch_size=batch, shuffle=True, rand_skip=3
    )
    return ImageData(image_data_param=param, transform_param=TransformationParameter(mirror=True))


def records(folder: Path, batch: int) -> Layer:
    path = folder / "db"
    if not path.exists():
        images = random_images(7, 3, 4, 6)
        write_lmdb(
            path, [encode_datum(png(i), label=n, encoded=True) for n, i in enumerate(images)]
        )
    lmdb = DataParameter.DB.LMDB
    return Data(
        data_param=DataParameter(
            source=str(path), batch_size=batch, backend=lmdb, prefetch=2, shuffle=True
        ),
        transform_param=TransformationParameter(mirror=True, crop_size=3),
    )


def rows(folder: Path, batch: int) -> Layer:
    write_h5(folder / "rows.h5", data=np.arange(14).reshape(7, 2), label=np.arange(7))
    (folder / "rows.txt").write_text(str(folder / "rows.h5"))
    param = HDF5DataParameter(source=str(folder / "rows.txt"), batch_size=batch, shuffle=True)
    return HDF5Data(hdf5_data_param=param)


def feed(layer: Layer, shard: Shard = WHOLE, *tops: str, phase: Phase = Phase.TRAIN) -> Feed:
    return Feed([data_layer(layer, *tops, phase=phase)], seed=1701, shard=shard)


def joined(parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the batch of which these are the shares."""
    return {
        blob: torch.stack([part[blob] for part in parts], dim=1).flatten(0, 1) for blob in parts[0]
    }


@pytest.mark.parametrize("make", [digits, shuffled, records, rows])
def test_the_shares_are_one_joint_batch_cropped_and_mirrored_as_it(
    tmp_path: Path, make: Callable[[Path, int], Layer]
) -> None:
    write_images(tmp_path, random_images(7, 3, 4, 6), range(7))
    whole = feed(make(tmp_path, 6))
    parts = [feed(make(tmp_path, 2), Shard(rank, 3)) for rank in range(3)]

    for _ in range(4):
        together = joined([part.next() for part in parts])
        torch.testing.assert_close(together, whole.next(), rtol=0, atol=0)
    assert [part.state() for part in parts] == [whole.state()] * 3
    assert [part.epochs for part in parts] == [whole.epochs] * 3


def test_a_test_reads_everything(tmp_path: Path) -> None:
    layer = digits(tmp_path, 4)

    first, second = (feed(layer, Shard(1, 2), phase=Phase.TEST).next(), feed(layer).next())

    torch.testing.assert_close(first["label"], second["label"])


def test_fewer_processes_go_on_where_more_stood(tmp_path: Path) -> None:
    four = feed(digits(tmp_path, 2), Shard(3, 4))
    four.next()
    two = [feed(digits(tmp_path, 2), Shard(rank, 2)) for rank in range(2)]
    for part in two:
        part.restore(four.state())

    whole = feed(digits(tmp_path, 4))
    whole.next()
    whole.next()
    together = joined([part.next() for part in two])
    torch.testing.assert_close(together["label"], whole.next()["label"], rtol=0, atol=0)


def test_made_up_numbers_differ() -> None:
    layer = DummyData(
        dummy_data_param=DummyDataParameter(
            shape=(BlobShape(dim=(2, 2)),), data_filler=(FillerParameter(type="gaussian"),)
        )
    )

    first, second = (feed(layer, Shard(rank, 2), "noise").next() for rank in range(2))

    assert not torch.equal(first["noise"], second["noise"])


def test_memory_data_gives_each_process_the_arrays_that_it_was_given() -> None:
    param = MemoryDataParameter(batch_size=2, channels=1, height=1, width=1)
    parts = [feed(MemoryData(memory_data_param=param), Shard(rank, 2)) for rank in range(2)]

    for rank, part in enumerate(parts):
        data = np.full((2, 1, 1, 1), rank, np.float32)
        part.set_input_arrays("input", data, np.arange(2, dtype=np.float32))

    assert [part.next()["data"].flatten().tolist() for part in parts] == [[0, 0], [1, 1]]
