"""Layers that run as one."""

import pytest
import torch
from torch import Tensor

from protonet import Net
from tests.graph.nets import INPUT

CONV = """layer { name: "c" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 4 kernel_size: 3 %s weight_filler { type: "xavier" } } }
"""
NORM = """layer { name: "n" type: "BatchNorm" bottom: "c" top: "c" %s }
"""
SCALE = """layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { %s } }
"""
RELU = 'layer { name: "r" type: "ReLU" bottom: "c" top: "c" }\n'


def batch() -> Tensor:
    return torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(1701))


def calls(net: Net) -> list[str]:
    return [str(node.target) for node in net.program.graph.nodes if node.op == "call_module"]


def with_blobs(net: Net) -> Net:
    """Give every blob values that a wrong fold would show."""
    generator = torch.Generator().manual_seed(1701)
    with torch.no_grad():
        for learnable in net.learnables:
            learnable.tensor.uniform_(0.5, 2, generator=generator)
    return net


def apart(net: Net, x: Tensor) -> Tensor:
    """Run a net layer by layer, each by itself."""
    value = x
    for node in net.graph.nodes[1:]:
        value = net.layers.get_submodule(node.name)(value, *net.params.get(node.name, ()))
    return value


@pytest.mark.parametrize("bias_term", ["true", "false"])
@pytest.mark.parametrize("affine", ["", SCALE % "", SCALE % "bias_term: true"])
def test_normalization_is_folded_into_a_convolution_at_test(bias_term: str, affine: str) -> None:
    net = with_blobs(Net(INPUT + CONV % f"bias_term: {bias_term}" + NORM % "" + affine + RELU))

    assert calls(net) == ["c", "r"]
    torch.testing.assert_close(net({"x": batch()})["c"], apart(net, batch()))


def test_gradients_pass_through_the_fold() -> None:
    net = with_blobs(Net(INPUT + CONV % "" + NORM % "" + SCALE % "bias_term: true"))
    blobs = [*net.params["c"], *net.params["s"]]

    folded = torch.autograd.grad(net({"x": batch()})["c"].square().sum(), blobs)

    expected = torch.autograd.grad(apart(net, batch()).square().sum(), blobs)
    torch.testing.assert_close(folded, expected, rtol=1e-4, atol=1e-4)


def test_folded_weights_follow_their_blobs() -> None:
    net = with_blobs(Net(INPUT + CONV % "" + NORM % ""))

    with torch.no_grad():
        before = net({"x": batch()})["c"]
        again = net({"x": batch()})["c"]
        net.params["n"][0].add_(1)
        after = net({"x": batch()})["c"]

        assert before.equal(again)
        assert not before.equal(after)
        torch.testing.assert_close(after, apart(net, batch()))


def test_statistics_without_batches_count_as_zero() -> None:
    net = Net(INPUT + CONV % "" + NORM % "", seed=1701)

    # Caffe divides by sqrt(eps) there: values are in the hundreds.
    torch.testing.assert_close(net({"x": batch()})["c"], apart(net, batch()), rtol=1e-5, atol=1e-3)


def test_scale_runs_with_its_batch_norm_in_training() -> None:
    text = INPUT + CONV % "" + NORM % "" + SCALE % "bias_term: true" + RELU
    net, other = with_blobs(Net(text, phase="TRAIN")), with_blobs(Net(text, phase="TRAIN"))

    assert calls(net) == ["c", "n", "r"]
    torch.testing.assert_close(net({"x": batch()})["c"], apart(other, batch()))
    torch.testing.assert_close(net.params["n"], other.params["n"])


def test_a_second_scale_runs_by_itself() -> None:
    scales = SCALE % "bias_term: true" + SCALE.replace('"s"', '"t"') % ""
    net = with_blobs(Net(INPUT + CONV % "" + NORM % "" + scales))

    assert calls(net) == ["c", "t"]
    torch.testing.assert_close(net({"x": batch()})["c"], apart(net, batch()))


def test_fixed_statistics_are_folded_in_training_too() -> None:
    norm = NORM % "batch_norm_param { use_global_stats: true }"
    net = with_blobs(Net(INPUT + CONV % "" + norm, phase="TRAIN"))

    assert calls(net) == ["c"]
    torch.testing.assert_close(net({"x": batch()})["c"], apart(net, batch()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONV % "" + NORM % "" + SCALE % "axis: 2", ["c", "s"]),
        (CONV % "" + NORM % "" + SCALE % "num_axes: 0", ["c", "s"]),
        (CONV % "" + NORM.replace('top: "c"', 'top: "n"') % "" + RELU, ["c", "n", "r"]),
        (CONV % "" + NORM % "propagate_down: false", ["c", "n"]),
        (CONV % "" + NORM % "loss_weight: 1" + SCALE % "", ["c", "s"]),
        (CONV.replace('top: "c"', 'top: "c" loss_weight: 1') % "" + NORM % "", ["c", "n"]),
    ],
)
def test_what_is_seen_or_differs_stays_apart(text: str, expected: list[str]) -> None:
    assert calls(Net(INPUT + text)) == expected


def test_transposed_convolution_stays_apart() -> None:
    text = CONV.replace('"Convolution"', '"Deconvolution"') % "" + NORM % ""

    assert calls(Net(INPUT + text)) == ["c", "n"]


def test_wanted_value_between_two_layers_is_computed() -> None:
    text = CONV % "" + NORM.replace('top: "c"', 'top: "n"') % ""
    net = with_blobs(Net(INPUT + text))

    blobs = net({"x": batch()}, blobs=["c", "n"])

    convolved = net.layers.get_submodule("c")(batch(), *net.params["c"])
    torch.testing.assert_close(blobs["c"], convolved)
    assert calls(net) == ["c"]
