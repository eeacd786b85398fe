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


@pytest.mark.parametrize(
    "source",
    [
        'layer { name: "d" type: "Data" top: "x" transform_param { flow: true } }',
        'layer { name: "d" type: "VideoClips" top: "x" video_clips_param { length: 16 } }',
        'layers { name: "d" type: VIDEO_CLIPS top: "x" video_clips_param { length: 16 } }',
        'layers { layer { name: "d" type: "clips" subtraction: 2 } top: "x" }',
    ],
)
def test_what_a_source_says_does_not_count_where_its_blobs_are_given(source: str) -> None:
    layers = 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }\n'

    shapes = protonet.infer_shapes(f"{source}\n{layers}", inputs={"x": (2, 3)})

    assert shapes.blobs == {"x": (2, 3), "r": (2, 3)}


def test_what_is_wrong_elsewhere_is_told_though_blobs_are_given() -> None:
    with pytest.raises(protonet.DiagnosticError) as caught:
        protonet.infer_shapes(NET.replace("5", "x"), inputs={"x": (2, 3, 4, 4)})

    assert [problem.code for problem in caught.value.diagnostics] == ["PN102"]


def test_a_layer_with_bottoms_counts_whatever_is_given() -> None:
    with pytest.raises(protonet.DiagnosticError) as caught:
        protonet.infer_shapes(
            f'{INPUT}layer {{ name: "o" type: "Odd" bottom: "x" top: "o" odd_param {{ }} }}\n',
            inputs={"o": (2, 3)},
        )

    assert [problem.code for problem in caught.value.diagnostics] == ["PN229"]
