"""The public ``infer_shapes``."""

import pytest

import protonet
from tests.graph.nets import INPUT

NET = (
    INPUT.replace("Input", "Data").replace(
        "input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } }", ""
    )
    + 'layer { name: "f" type: "InnerProduct" bottom: "x" top: "f" '
    + "inner_product_param { num_output: 5 } }"
    + 'layer { name: "s" type: "Softmax" bottom: "f" top: "s" }\n'
)


def test_source_with_given_shapes_is_an_input() -> None:
    shapes = protonet.infer_shapes(NET, inputs={"x": (2, 3, 4, 4)})

    assert shapes.blobs == {"x": (2, 3, 4, 4), "f": (2, 5), "s": (2, 5)}
    assert shapes.params == {"f": [(5, 48), (5,)]}
    assert shapes.outputs == ("s",)


def test_layer_of_unknown_type_may_be_an_input() -> None:
    shapes = protonet.infer_shapes(NET.replace("Data", "MyData"), inputs={"x": (2, 3, 4, 4)})

    assert shapes.blobs["f"] == (2, 5)


def test_source_that_only_the_data_knows_asks_for_inputs() -> None:
    with pytest.raises(protonet.DiagnosticError) as caught:
        protonet.infer_shapes(NET, phase="TRAIN")

    assert 'inputs={"x": (...)}' in caught.value.diagnostics[0].help
