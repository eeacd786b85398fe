"""Times of layers."""

import pytest
import torch

from protonet.diagnostics import DiagnosticError
from protonet.net import Net
from protonet.report.timing import LayerTime, Timing, measure

NET = """
layer { name: "x.0" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "x"
  top: "ip"
  inner_product_param { num_output: 4 }
}
layer { name: "a/relu" type: "ReLU" bottom: "ip" top: "ip" }
layer { name: "cut" type: "Slice" bottom: "ip" top: "left" top: "right" }
layer { name: "sum" type: "Eltwise" bottom: "left" bottom: "left" top: "sum" }
layer { name: "hits" type: "Accuracy" bottom: "sum" bottom: "label" top: "hits" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "sum" bottom: "label" top: "loss" }
"""


def net() -> Net:
    return Net(NET, phase="TRAIN", seed=1701)


def test_every_layer_is_timed() -> None:
    timing = measure(net(), 2)

    assert list(timing.layers) == ["x.0", "label", "ip", "a/relu", "cut", "sum", "hits", "loss"]
    assert {name for name, time in timing.layers.items() if time.forward} == {
        "x.0",
        "ip",
        "a/relu",
        "cut",
        "sum",
        "hits",
        "loss",
    }


def test_backward_reaches_what_learns() -> None:
    timing = measure(net(), 1)

    reached = {name for name, time in timing.layers.items() if time.backward}
    assert reached == {"ip", "a/relu", "cut", "sum", "loss"}


def test_the_weights_stay() -> None:
    timed = net()
    before = [blob.clone() for blob in timed.params["ip"]]

    measure(timed, 1)

    torch.testing.assert_close(timed.params["ip"], before, rtol=0, atol=0)
    assert [blob.grad for blob in timed.params["ip"]] == [None, None]


def test_a_layer_that_refuses_its_values_is_a_diagnostic() -> None:
    text = NET.replace('"Input"', '"DummyData"').replace("input_param {", f"{LABELS_OF_9} ")

    with pytest.raises(DiagnosticError, match="PN302"):
        measure(Net(text), 1)


LABELS_OF_9 = "dummy_data_param { data_filler { value: 9 }"


def test_lines_are_means() -> None:
    timing = Timing({"conv1": LayerTime(3.0, 5.0), "loss": LayerTime(1.0, 0.0)}, iterations=2)

    assert list(timing.lines()) == [
        "Average time per layer: ",
        "     conv1\tforward: 1.5 ms.",
        "     conv1\tbackward: 2.5 ms.",
        "      loss\tforward: 0.5 ms.",
        "      loss\tbackward: 0 ms.",
        "Average Forward pass: 2 ms.",
        "Average Backward pass: 2.5 ms.",
        "Average Forward-Backward: 4.5 ms.",
        "Total Time: 9 ms.",
    ]
