from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.data.feed import Feed
from protonet.layers.hdf5_data import HDF5Data, HDF5DataParameter
from tests.data.builders import data_layer, values, write_h5


@pytest.mark.parametrize("files", [1, 2])
def test_each_top_is_the_dataset_of_its_name(tmp_path: Path, files: int) -> None:
    for number in range(files):
        y = np.arange(3) + 3 * number
        write_h5(tmp_path / f"{number}.h5", x=y[:, None] * [1, 10], y=y)
    (tmp_path / "list.txt").write_text("\n".join(f"{n}.h5" for n in range(files)))
    layer = HDF5Data(hdf5_data_param=HDF5DataParameter(source="list.txt", batch_size=2))

    with Feed([data_layer(layer, "y", "x")], base=tmp_path, seed=1701) as feed:
        batches = [feed.next() for _ in range(6)]
        epochs = feed.epochs

    labels = torch.arange(12.0).reshape(6, 2) % (3 * files)
    assert [batch["y"].tolist() for batch in batches] == labels.tolist()
    for batch in batches:
        assert torch.equal(batch["x"], batch["y"][:, None] * torch.tensor([1.0, 10.0]))
    assert epochs == {"input": 12 // (3 * files)}


def test_rows_are_shuffled_by_the_seed(tmp_path: Path) -> None:
    write_h5(tmp_path / "a.h5", y=np.arange(20))
    (tmp_path / "list.txt").write_text("a.h5")
    param = HDF5DataParameter(source="list.txt", batch_size=20, shuffle=True)
    feed = Feed([data_layer(HDF5Data(hdf5_data_param=param), "y")], base=tmp_path, seed=1701)

    first, second = values(feed.next()["y"]), values(feed.next()["y"])

    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second
