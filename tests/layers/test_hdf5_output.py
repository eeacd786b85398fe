"""HDF5Output."""

from pathlib import Path

import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest
import torch

from protonet.shape import Shape
from tests.layers.case import LayerCase


def case(file: Path | str, *bottoms: Shape) -> LayerCase:
    text = f'hdf5_output_param {{ file_name: "{file}" }}'
    return LayerCase("HDF5Output", text, bottoms=bottoms, tops=0, differentiable=False)


def test_laws(tmp_path: Path) -> None:
    case(tmp_path / "out.h5", (2, 3), (2,)).check_laws()


def test_writes_two_datasets_with_four_axes(tmp_path: Path) -> None:
    file = tmp_path / "out.h5"
    data = torch.arange(6.0).reshape(2, 3).requires_grad_()

    tops = case(file, (2, 3), (2,)).run(data, torch.tensor([0.0, 1.0]))

    assert tops == ()
    with h5py.File(file) as written:
        assert len(written) == 2
        found = {name: np.asarray(written[name]) for name in ("data", "label")}
    assert found["data"].dtype == np.float32
    assert found["data"].tolist() == np.arange(6.0).reshape(2, 3, 1, 1).tolist()
    assert found["label"].tolist() == [[[[0.0]]], [[[1.0]]]]


def test_a_second_batch_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "out.h5"
    module = case(file, (1,), (1,)).module()
    module(torch.zeros(1), torch.zeros(1))

    with pytest.raises(ValueError, match=r"^HDF5Output holds one batch, and `.*out.h5` has one"):
        module(torch.ones(1), torch.ones(1))

    with h5py.File(file) as written:
        assert not np.asarray(written["data"]).any()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    module = case(tmp_path / "no" / "out.h5", (1,), (1,)).module()

    with pytest.raises(
        ValueError, match=r"no/out.h5` cannot be written: No such file or directory$"
    ):
        module(torch.zeros(1), torch.zeros(1))


@pytest.mark.parametrize(
    ("file", "bottoms", "message"),
    [
        ("", ((2, 3), (2,)), "`file_name` is not set"),
        ("x", ((2, 3), (3,)), "bottom 0 holds 2 items, but bottom 1 holds 3"),
        (
            "x",
            ((2, 1, 1, 1, 1), (2,)),
            "a bottom of shape (2, 1, 1, 1, 1) has more than four axes (N, C, H, W)",
        ),
    ],
)
def test_refusals(file: str, bottoms: tuple[Shape, ...], message: str) -> None:
    assert case(file, *bottoms).refusal() == message
