"""AnnotatedData."""

import pytest

from tests.layers.case import LayerCase

SOURCE = 'data_param { source: "db" batch_size: 2 } '


def refusal(params: str) -> str:
    return LayerCase("AnnotatedData", params, bottoms=(), tops=2).refusal()


def test_the_shapes_are_the_databases() -> None:
    assert refusal(SOURCE) == "only the data of `AnnotatedData` know the shapes of its tops"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ("data_param { batch_size: 2 }", "`source` is not set"),
        ('data_param { source: "db" }', "`batch_size` is not set"),
        (
            SOURCE + "transform_param { rotate: 3 }",
            "`rotate` has no effect in AnnotatedData",
        ),
        (
            SOURCE + "annotated_data_param { batch_sampler { sampler { min_scale: 0 } } }",
            "scales of 0 to 1 are no range within 0 to 1",
        ),
        (
            SOURCE + "annotated_data_param { batch_sampler { sampler { max_scale: 1.5 } } }",
            "scales of 1 to 1.5 are no range within 0 to 1",
        ),
        (
            SOURCE + "annotated_data_param { batch_sampler { sampler { max_aspect_ratio: 0.5 } } }",
            "aspect ratios of 1 to 0.5 are no range above 0",
        ),
    ],
)
def test_refusals(params: str, message: str) -> None:
    assert refusal(params) == message
