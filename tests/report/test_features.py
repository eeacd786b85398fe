import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from protonet.diagnostics import DiagnosticError
from protonet.net import Net
from protonet.report.features import check_blobs, extract

DATA = """
layer { name: "digits" type: "Data" top: "data" top: "label"
  data_param { source: "builtin:digits/test" batch_size: 64 } }
layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
  pooling_param { pool: MAX kernel_size: 7 stride: 7 } }
layer { name: "sum" type: "Reduction" bottom: "pool" top: "sum" }
"""


class Kept:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.blobs: dict[str, list[NDArray[np.float32]]] = {}

    def write(self, blob: str, values: NDArray[np.float32]) -> None:
        self.blobs.setdefault(blob, []).append(values)


def test_blobs_of_the_next_batches_are_written() -> None:
    net, other, kept, told = Net(DATA), Net(DATA), Kept(), list[int]()

    rows = extract(net, ("pool", "label"), range(2), kept, told.append)

    assert (rows, told) == (128, [1, 1])
    for at in range(2):
        expected = other({}, blobs=["pool", "label"])
        for blob in ("pool", "label"):
            assert torch.equal(torch.from_numpy(kept.blobs[blob][at]), expected[blob])


def test_all_data_are_gone_over_once() -> None:
    net, kept = Net(DATA), Kept()

    assert extract(net, ("label",), net.feed.once(), kept) == 500
    assert [len(part) for part in kept.blobs["label"]] == [64] * 7 + [52]


def test_blobs_that_are_no_features_are_all_told() -> None:
    with pytest.raises(DiagnosticError) as error:
        check_blobs(Net(DATA), ("poll", "pool", "sum", "nothing-like-it"))

    problems = error.value.diagnostics
    assert [problem.code for problem in problems] == ["PN550"] * 3
    assert problems[0].help == "did you mean `pool`?"
    assert problems[2].help == "`protonet show` prints the blobs"


def test_a_net_that_reads_nothing_has_no_features() -> None:
    net = Net('layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }')

    with pytest.raises(DiagnosticError) as error:
        check_blobs(net, ("x",))

    assert error.value.diagnostics[0].code == "PN554"
