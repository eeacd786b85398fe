from pathlib import Path

import torch

from protonet.data.seeds import Seed
from protonet.data.streams.base import Context
from protonet.data.streams.dummy import DummyStream
from protonet.layers.dummy_data import DummyData, DummyDataParameter
from protonet.message.common import BlobShape, FillerParameter


def stream(*fillers: FillerParameter) -> DummyStream:
    shapes = (BlobShape(dim=(2, 3)), BlobShape(dim=(100, 100)))
    param = DummyDataParameter(shape=shapes, data_filler=fillers)
    context = Context(Seed.of(1701, 0), Path, torch.device("cpu"))
    return DummyStream(DummyData(dummy_data_param=param, top_count=2), context)


def test_without_a_filler_all_is_zero() -> None:
    first, second = stream().draw(0, 1)()

    assert (first.shape, second.shape) == ((2, 3), (100, 100))
    assert (first.abs().sum() + second.abs().sum()).item() == 0


def test_one_filler_serves_all_tops() -> None:
    first, second = stream(FillerParameter(value=1.5)).draw(0, 1)()

    assert {*first.flatten().tolist(), *second.flatten().tolist()} == {1.5}


def test_a_constant_top_is_filled_once_and_others_for_each_batch() -> None:
    dummy = stream(FillerParameter(value=2), FillerParameter(type="uniform", min=-1, max=3))

    (constant, first), (again, second) = dummy.draw(0, 1)(), dummy.draw(1, 1)()

    assert constant is again
    assert constant.unique().tolist() == [2]
    assert not torch.equal(first, second)
    assert torch.equal(first, dummy.draw(0, 1)()[1])
    assert abs(first.mean().item() - 1) < 0.05
    assert -1 <= first.min().item() < first.max().item() <= 3
