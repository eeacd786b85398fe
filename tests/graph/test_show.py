"""Tables of layers, and which of them a backward pass reaches."""

from protonet.graph.backward import reached
from protonet.graph.share import own
from protonet.graph.show import show
from tests.graph.nets import INPUT, shapes_of

NET = (
    INPUT
    + """
layer { name: "t" type: "Input" top: "t" input_param { shape { dim: 2 dim: 5 } } }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a"
  param { lr_mult: 0 } param { lr_mult: 0 }
  inner_product_param { num_output: 4 } }
layer { name: "n" type: "BatchNorm" bottom: "a" top: "n" }
layer { name: "b" type: "InnerProduct" bottom: "n" top: "b"
  param { lr_mult: 10 } param { lr_mult: 20 }
  inner_product_param { num_output: 5 } }
layer { name: "s" type: "InnerProduct" bottom: "a" top: "s" inner_product_param { num_output: 1 } }
layer { name: "l" type: "EuclideanLoss" bottom: "b" bottom: "t" top: "l" }
"""
)


def test_table_says_what_learns() -> None:
    graph, shapes = shapes_of(NET)

    assert show(graph, shapes, own(graph, shapes)).splitlines() == [
        "layer  type           bottom  top  shape    blobs   multiplications  learns",
        "in     Input                  x    2x3x4x4",
        "t      Input                  t    2x5",
        "a      InnerProduct   x       a    2x4      4x48 4  384              frozen, no backward",
        "n      BatchNorm      a       n    2x4      4 4 1                    statistics",
        "b      InnerProduct   n       b    2x5      5x4 5   40               lr x10 x20",
        "s      InnerProduct   a       s    2x1      1x4 1   8",
        "l      EuclideanLoss  b t     l    scalar",
        "",
        "226 parameters, 30 learned, 196 frozen",
        "432 multiplications a forward pass",
    ]


def test_backward_stops_above_a_frozen_prefix_and_beside_the_loss() -> None:
    graph, shapes = shapes_of(NET)

    assert reached(graph, own(graph, shapes)) == {"b", "l"}


def test_propagate_down_false_cuts_what_lies_below() -> None:
    text = NET.replace(
        'bottom: "n" top: "b"', 'bottom: "n" top: "b" propagate_down: false'
    ).replace("param { lr_mult: 0 } param { lr_mult: 0 }", "")
    graph, shapes = shapes_of(text)

    assert reached(graph, own(graph, shapes)) == {"b", "l"}


def test_force_backward_reaches_all_that_leads_to_a_loss() -> None:
    graph, shapes = shapes_of("force_backward: true\n" + NET)

    assert reached(graph, own(graph, shapes)) == {"in", "t", "a", "n", "b", "l"}
