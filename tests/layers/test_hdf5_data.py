"""HDF5Data."""

import pytest

from tests.layers.case import LayerCase

SOURCE = 'hdf5_data_param { source: "list" batch_size: 2 }'


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (SOURCE, "only the data of `HDF5Data` know the shapes of its tops"),
        ("hdf5_data_param { batch_size: 2 }", "`source` is not set"),
        ('hdf5_data_param { source: "list" }', "`batch_size` is not set"),
        (SOURCE + " transform_param { }", "HDF5Data does not transform data"),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert LayerCase("HDF5Data", params, bottoms=(), tops=3).refusal() == message
