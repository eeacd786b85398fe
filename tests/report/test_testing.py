"""Scores of a net, batch by batch."""

from protonet.net import Net
from protonet.report.testing import test_lines as lines

NET = """
layer { name: "x" type: "DummyData" top: "x"
  dummy_data_param { shape { dim: 2 } data_filler { value: 3 } } }
layer { name: "y" type: "DummyData" top: "y"
  dummy_data_param { shape { dim: 2 } data_filler { value: 1 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "y" top: "loss" loss_weight: 0.5 }
layer { name: "seen" type: "Power" bottom: "x" top: "seen" }
"""


def test_each_element_of_an_output_is_told_then_the_means() -> None:
    assert list(lines(Net(NET), 2)) == [
        "Batch 0, loss = 2",
        "Batch 0, seen = 3",
        "Batch 0, seen = 3",
        "Batch 1, loss = 2",
        "Batch 1, seen = 3",
        "Batch 1, seen = 3",
        "Loss: 1",
        "loss = 2 (* 0.5 = 1 loss)",
        "seen = 3",
        "seen = 3",
    ]
