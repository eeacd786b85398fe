"""Shapes of values and weights."""

from protonet.graph.infer import infer
from protonet.graph.ir import Value
from protonet.graph.shapes import declared_shapes
from tests.graph.nets import INPUT, graph_of, problems, shapes_of

CONV = """layer { name: "c" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 5 kernel_size: 3 %s } }
"""


def test_shapes_follow_the_layers() -> None:
    _, shapes = shapes_of(INPUT + CONV % "pad: 1 stride: 2")

    assert shapes.values[Value("c")] == (2, 5, 2, 2)
    assert [weight.shape for weight in shapes.weights["c"]] == [(5, 3, 3, 3), (5,)]


def test_what_follows_a_faulty_layer_is_not_reported() -> None:
    text = (
        INPUT
        + CONV % "group: 2"
        + 'layer { name: "r" type: "InnerProduct" bottom: "c" top: "r" }\n'
        + 'layer { name: "i" type: "InnerProduct" bottom: "x" top: "i" }\n'
    )

    assert [problem[:5] for problem in problems(text)] == ["PN301", "PN301"]


def test_unknown_filler_is_refused() -> None:
    text = INPUT + CONV % 'weight_filler { type: "xavir" }'

    assert problems(text) == ["PN301 3:74 layer `c`: unknown filler type `xavir`"]


def test_a_number_that_no_filler_draws_from_is_shown_in_its_place() -> None:
    fillers = 'weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: -1 }'

    assert problems(INPUT + CONV % fillers) == [
        "PN301 3:130 layer `c`: a gaussian filler needs a `std` above 0, not -1"
    ]


def test_bilinear_filler_needs_a_square_kernel() -> None:
    text = INPUT + CONV.replace("kernel_size: 3", "kernel_h: 3 kernel_w: 1") % (
        'weight_filler { type: "bilinear" }'
    )

    assert (
        "a bilinear filler needs a blob (N, C, K, K); this one is (5, 3, 3, 1)" in problems(text)[0]
    )


def test_given_shapes_stand_instead_of_the_file() -> None:
    graph = graph_of(INPUT + CONV % "")

    shapes = infer(graph, declared_shapes, {"x": (7, 3, 9, 9)})

    assert shapes.values[Value("c")] == (7, 5, 7, 7)
