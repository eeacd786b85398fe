"""Drawings of a net, as text."""

from protonet.graph.draw import Arrow, Box, Drawing, Look, dot, draw, mermaid
from protonet.graph.share import own
from tests.graph.nets import INPUT, shapes_of

NET = (
    INPUT
    + """
layer { name: "t" type: "Input" top: "t" input_param { shape { dim: 2 dim: 5 } } }
layer { name: "a" type: "Convolution" bottom: "x" top: "a"
  param { lr_mult: 0 } param { lr_mult: 0 }
  convolution_param { num_output: 4 kernel_size: 3 stride: 2 pad: 1 group: 1 bias_term: true } }
layer { name: "r" type: "ReLU" bottom: "a" top: "a" relu_param { negative_slope: 0.1 } }
layer { name: "p" type: "Pooling" bottom: "a" top: "p" pooling_param { pool: AVE kernel_size: 2 } }
layer { name: "b" type: "InnerProduct" bottom: "p" top: "b"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "l" type: "EuclideanLoss" bottom: "b" bottom: "t" }
"""
)


def drawing() -> Drawing:
    graph, shapes = shapes_of(NET)
    return draw(graph, shapes, own(graph, shapes))


def test_boxes_say_what_a_layer_is_and_how_it_learns() -> None:
    assert drawing().boxes == (
        Box(("in", "Input"), Look.DATA),
        Box(("t", "Input"), Look.DATA),
        Box(
            ("a", "Convolution num_output 4, bias_term true, pad 1, kernel_size 3", "112 values"),
            Look.FROZEN,
        ),
        Box(("r", "ReLU negative_slope 0.1"), Look.PLAIN),
        Box(("p", "Pooling pool AVE, kernel_size 2"), Look.PLAIN),
        Box(("b", "InnerProduct num_output 5", "25 values"), Look.LEARNED),
        Box(("l", "EuclideanLoss"), Look.LOSS),
    )


def test_arrows_go_from_the_layer_that_makes_a_value_to_those_that_read_it() -> None:
    assert drawing().arrows == (
        Arrow(0, 2, "x 2x3x4x4"),
        Arrow(2, 3, "a 2x4x2x2"),
        Arrow(3, 4, "a 2x4x2x2"),
        Arrow(4, 5, "p 2x4x1x1"),
        Arrow(5, 6, "b 2x5"),
        Arrow(1, 6, "t 2x5"),
    )


ODD = Drawing(
    'a "net"',
    (Box(('say "x"', "A<B>"), Look.FROZEN), Box(("c\\d",), Look.PLAIN)),
    (Arrow(0, 1, 'y "z" 2x5'),),
)


def test_dot_escapes_what_it_must() -> None:
    assert dot(ODD, "LR").splitlines() == [
        'digraph "a \\"net\\"" {',
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9];',
        '  n0 [label="say \\"x\\"\\nA<B>", fillcolor="#e6eef5", style="rounded,filled,dashed"];',
        '  n1 [label="c\\\\d", fillcolor="#ffffff"];',
        '  n0 -> n1 [label="y \\"z\\" 2x5"];',
        "}",
    ]


def test_mermaid_escapes_what_it_must() -> None:
    assert mermaid(ODD).splitlines()[:4] == [
        "flowchart TB",
        '  n0["say &quot;x&quot;<br/>A&lt;B>"]:::frozen',
        '  n1["c\\d"]:::plain',
        '  n0 -->|"y &quot;z&quot; 2x5"| n1',
    ]
    assert "  classDef frozen fill:#e6eef5,stroke:#333,color:#000,stroke-dasharray:4" in mermaid(
        ODD
    )
