"""Data."""

import pytest

from tests.layers.case import LayerCase

SOURCE = 'data_param { source: "db" batch_size: 2 }'


def case(params: str) -> LayerCase:
    return LayerCase("Data", params, bottoms=(), tops=2)


def test_the_shapes_are_the_databases() -> None:
    assert case(SOURCE).refusal() == "only the data of `Data` know the shapes of its tops"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("data_param { batch_size: 2 }", "`source` is not set"),
        ('data_param { source: "db" }', "`batch_size` is not set"),
        ('data_param { source: "db" batch_size: 0 }', "`batch_size` is 0"),
        (
            SOURCE + ' transform_param { mean_file: "m" mean_value: 1 }',
            "`mean_file` and `mean_value` are both set",
        ),
        (
            SOURCE + " transform_param { force_color: true force_gray: true }",
            "`force_color` and `force_gray` are both set",
        ),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert case(params).refusal() == message
