"""``protonet extract``."""

from pathlib import Path

import numpy as np
import pytest

from protonet.net import Net
from protonet.weights.load import save_weights
from tests.cli.files import protonet

BASE = ("extract", "--model", "net.prototxt", "--weights", "small.npz", "--blob")


@pytest.fixture(autouse=True)
def weights(folder: Path) -> None:
    save_weights(Net("net.prototxt", seed=1), "small.npz")


def test_writes_the_blobs_of_some_batches() -> None:
    done = protonet(*BASE, "ip,label", "--iterations", "3", "out.npz")

    assert (done.exit_code, done.stdout) == (0, "out.npz: 12 rows of ip, label\n")
    with np.load("out.npz") as arrays:
        assert {name: arrays[name].shape for name in arrays} == {"ip": (12, 10), "label": (12,)}


def test_goes_over_all_data_once() -> None:
    done = protonet(*BASE, "label", "--whole", "out_lmdb")

    assert (done.exit_code, done.stdout) == (0, "out_lmdb: 1,297 rows of label\n")


def test_some_and_all_at_once_is_a_usage_error() -> None:
    assert protonet(*BASE, "label", "--whole", "--iterations", "2", "out.h5").exit_code == 2


def test_a_blob_that_is_not_there_is_told_and_nothing_is_written() -> None:
    done = protonet(*BASE, "ipp", "out.npz")

    assert (done.exit_code, "did you mean `ip`?" in done.stderr) == (1, True)
    assert not Path("out.npz").exists()


def test_what_the_weights_do_not_fill_is_told() -> None:
    done = protonet(*BASE, "ip", "--iterations", "1", "--reinit", "ip", "out.npz")

    assert (done.exit_code, "left as asked" in done.stderr) == (0, True)
