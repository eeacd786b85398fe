"""The public net."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 # torch's own name for it

import protonet
from protonet import DiagnosticError, Net
from protonet.message.common import Phase
from protonet.weights.binaryproto import write_blob
from tests.graph.nets import INPUT

IP = """layer { name: "%s" type: "InnerProduct" bottom: "x" top: "%s"
  param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
"""
LABEL = 'layer { name: "in2" type: "Input" top: "label" input_param { shape { dim: 2 } } }\n'
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "a" bottom: "label" top: "loss" }\n'
NET = INPUT + LABEL + IP % ("a", "a") + LOSS


def batch(seed: int = 1701) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {"x": torch.randn(2, 3, 4, 4, generator=generator), "label": torch.tensor([0.0, 2.0])}


def test_names_and_shapes_are_those_of_the_file() -> None:
    net = Net(NET, phase="TRAIN")

    assert dict(net.inputs) == {"x": (2, 3, 4, 4), "label": (2,)}
    assert net.outputs == ("loss",)
    assert {k: [tuple(t.shape) for t in v] for k, v in net.params.items()} == {"a": [(3, 48), (3,)]}
    assert net.phase == Phase.TRAIN
    assert net.training


def test_loss_is_the_weighted_sum_and_differentiable() -> None:
    net = Net(NET.replace('top: "loss"', 'top: "loss" loss_weight: 0.5'), phase="TRAIN", seed=1701)
    inputs = batch()
    inputs["x"].requires_grad_()

    outputs = net(inputs)
    net.loss(outputs).backward()

    weight, bias = net.params["a"]
    expected = torch.nn.functional.cross_entropy(
        torch.nn.functional.linear(inputs["x"].flatten(1), weight, bias), torch.tensor([0, 2])
    )
    torch.testing.assert_close(outputs["loss"], expected)
    torch.testing.assert_close(net.loss(outputs), expected / 2)
    assert inputs["x"].grad is not None
    assert weight.grad is not None


def test_loss_of_a_plain_dict_counts_its_outputs() -> None:
    net = Net(NET, phase="TRAIN", seed=1701)
    outputs = net(batch())

    assert net.loss(dict(outputs)).equal(net.loss(outputs))
    assert net.loss({}) == 0


def test_terms_that_are_no_outputs_are_in_the_loss() -> None:
    text = (
        INPUT + LABEL + IP.replace('top: "%s"', 'top: "%s" loss_weight: 0.25') % ("a", "a") + LOSS
    )
    net = Net(text, phase="TRAIN", seed=1701)
    inputs = batch()

    outputs = net(inputs)

    a = net(inputs, blobs=["a"])["a"]
    torch.testing.assert_close(net.loss(outputs), outputs["loss"] + 0.25 * a.sum())


def test_what_a_layer_keeps_beside_its_blobs_is_on_the_nets_device() -> None:
    """The bins of compact bilinear pooling. Any device but the CPU shows it."""
    layer = """layer { name: "c" type: "CompactBilinear" bottom: "x" bottom: "x" top: "c"
      compact_bilinear_param { num_output: 8 } }"""

    net = Net(INPUT + layer, device="meta")

    assert [buffer.device.type for buffer in net.buffers()] == ["meta"]


def test_learnables_are_in_caffes_order_with_their_multipliers() -> None:
    net = Net(NET + 'layer { name: "n" type: "BatchNorm" bottom: "x" top: "n" }', phase="TRAIN")

    assert [(b.layer, b.index, b.lr_mult, b.decay_mult) for b in net.learnables] == [
        ("a", 0, 1, 1),
        ("a", 1, 2, 0),
        ("n", 0, 0, 1),
        ("n", 1, 0, 1),
        ("n", 2, 0, 1),
    ]
    assert [isinstance(b.tensor, torch.nn.Parameter) for b in net.learnables] == [True] * 2 + [
        False
    ] * 3


def test_frozen_blob_takes_no_gradient_unless_forced() -> None:
    text = NET.replace("lr_mult: 1", "lr_mult: 0")

    assert [blob.requires_grad for blob in Net(text).params["a"]] == [False, True]
    forced = Net("force_backward: true\n" + text)
    assert [blob.requires_grad for blob in forced.params["a"]] == [True, True]


def test_propagate_down_false_stops_the_gradient() -> None:
    text = NET.replace(
        'bottom: "a" bottom: "label"',
        'bottom: "a" bottom: "label" propagate_down: 0 propagate_down: 0',
    )
    net = Net(text, phase="TRAIN", seed=1701)

    assert not net.loss(net(batch())).requires_grad


def test_phase_of_a_layer_wins_over_train_and_eval() -> None:
    text = INPUT + "".join(
        f'layer {{ name: "{name}" type: "Dropout" bottom: "x" top: "{name}" {phase} }}\n'
        for name, phase in {"always": "phase: TRAIN", "never": "phase: TEST", "train": ""}.items()
    )
    net = Net(text, phase="TRAIN")
    x = torch.ones(2, 3, 4, 4)

    zeros = {name: bool(y.eq(0).any()) for name, y in net({"x": x}).items()}
    tested = {name: bool(y.eq(0).any()) for name, y in net.eval()({"x": x}).items()}

    assert zeros == {"always": True, "never": False, "train": True}
    assert tested == {"always": True, "never": False, "train": False}


def test_test_net_shares_the_blobs_of_its_train_net() -> None:
    train, test = Net(NET, phase="TRAIN", seed=1), Net(NET, phase="TEST", seed=2)
    test(batch())

    test.share_weights(train)

    assert test.params["a"][0] is train.params["a"][0]
    assert test(batch())["loss"].equal(train(batch())["loss"])


def test_shared_running_statistics_are_one_tensor() -> None:
    text = INPUT + 'layer { name: "n" type: "BatchNorm" bottom: "x" top: "n" }'
    train, test = Net(text, phase="TRAIN"), Net(text, phase="TEST")

    test.share_weights(train)
    train({"x": torch.ones(2, 3, 4, 4)})

    assert test.params["n"][2] == 1


def test_nets_with_other_blobs_cannot_share() -> None:
    other = Net(NET.replace("num_output: 3", "num_output: 4"))

    with pytest.raises(ValueError, match="layer `a` has other blobs"):
        Net(NET).share_weights(other)


def test_a_blob_may_have_another_shape_in_each_layer_that_shares_it() -> None:
    text = INPUT + (
        'layer { name: "c" type: "Convolution" bottom: "x" top: "c" param { name: "w" }\n'
        "  convolution_param { num_output: 2 kernel_h: 3 kernel_w: 4 bias_term: false } }\n"
        'layer { name: "p" type: "InnerProduct" bottom: "c" top: "p"\n'
        '  param { name: "w" share_mode: PERMISSIVE }\n'
        "  inner_product_param { num_output: 18 bias_term: false } }\n"
    )
    net = Net(text, phase="TRAIN")
    (kernel,), (matrix,) = net.params["c"], net.params["p"]
    x = batch()["x"]
    with torch.no_grad():
        matrix.copy_(torch.arange(72.0).reshape(18, 4))

    y = net({"x": x})["p"]
    y.sum().backward()

    assert kernel.flatten().tolist() == list(range(72))
    expected = kernel.detach().clone().requires_grad_()
    same = F.conv2d(x, expected).flatten(1) @ expected.reshape(18, 4).t()
    same.sum().backward()
    torch.testing.assert_close(y, same)
    torch.testing.assert_close(kernel.grad, expected.grad)


def test_state_dict_has_layer_and_index_and_may_hold_dots() -> None:
    text = INPUT + IP % ("fc.1", "y") + IP % ("fc", "z")
    net, copy = Net(text, seed=1), Net(text, seed=2)

    state = net.state_dict()
    copy.load_state_dict(state)

    assert sorted(state) == ["fc.1/0", "fc.1/1", "fc/0", "fc/1"]
    assert all(copy.state_dict()[key].equal(state[key]) for key in state)


@pytest.mark.parametrize("name", ["a%2Eb", "é", *(f"a{mark}.b" for mark in "\"'\\\n\0%\udcff")])
def test_the_name_of_a_layer_is_no_code(name: str) -> None:
    text = INPUT + IP % (escaped(name), "y")
    net, copy = Net(text, seed=1), Net(text, seed=2)
    within = nn.ModuleDict({"%002E": nn.Linear(1, 1, bias=False), "net": net})

    copy.load_state_dict(net.state_dict())

    assert sorted(net.state_dict()) == [f"{name}/0", f"{name}/1"]
    assert sorted(within.state_dict()) == ["%002E.weight", f"net.{name}/0", f"net.{name}/1"]
    assert copy({"x": batch()["x"]})["y"].equal(net({"x": batch()["x"]})["y"])


def escaped(name: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in name.encode(errors="surrogateescape"))


def test_code_follows_blobs_that_are_converted() -> None:
    net = Net(NET, seed=1701)
    net(batch())

    net.double()

    assert (
        net({"x": batch()["x"].double(), "label": batch()["label"]})["loss"].dtype == torch.float64
    )


def test_same_seed_fills_the_same() -> None:
    assert Net(NET, seed=3).params["a"][0].equal(Net(NET, seed=3).params["a"][0])
    assert not Net(NET, seed=3).params["a"][0].equal(Net(NET, seed=4).params["a"][0])


def test_data_layers_are_read_where_a_caller_gives_nothing() -> None:
    net = Net("zoo/lenet/train_val.prototxt", phase="TEST", seed=1701)

    first, second = net({}, blobs=["data", "label"]), net({}, blobs=["data", "label"])

    assert first["data"].shape == (100, 1, 28, 28)
    assert not first["data"].equal(second["data"])
    assert net({"data": first["data"], "label": first["label"]}).keys() == {"accuracy", "loss"}


def test_weights_are_loaded_over_fillers(tmp_path: Path) -> None:
    path = tmp_path / "a.caffemodel"
    net = Net(NET, seed=1)
    protonet.save_weights(net, path)

    loaded = Net(NET + IP % ("b", "b"), weights=path, seed=2)

    assert loaded.params["a"][0].equal(net.params["a"][0])
    assert loaded.params["b"][0].abs().max() > 0


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "the net needs the input `x`"),
        ({"y": torch.zeros(1)}, "the net has no input `y`; its inputs are x, label"),
        ({"labels": torch.zeros(1)}, "the net has no input `labels`; did you mean `label`\\?"),
    ],
)
def test_wrong_inputs_are_named(inputs: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Net(NET)(inputs)


def test_unknown_blob_is_named() -> None:
    with pytest.raises(ValueError, match="no blob `los`; did you mean `loss`"):
        Net(NET)(batch(), blobs=["los"])


def test_layer_that_refuses_its_input_is_named_with_its_place() -> None:
    with pytest.raises(DiagnosticError) as caught:
        Net(NET)({"x": batch()["x"], "label": torch.tensor([0.0, 3.0])})

    (problem,) = caught.value.diagnostics
    assert problem.code == "PN302"
    assert problem.message.startswith("layer `loss`: ")
    assert str(problem.labels[0].span).startswith("<text>:6:")


def test_infogain_matrix_is_read_beside_the_net(tmp_path: Path) -> None:
    write_blob(tmp_path / "h.binaryproto", np.eye(3, dtype=np.float32)[None, None])
    text = NET.replace("SoftmaxWithLoss", "InfogainLoss").replace(
        'top: "loss"', 'top: "loss" infogain_loss_param { source: "h.binaryproto" }'
    )
    (tmp_path / "net.prototxt").write_text(text)

    net = Net(tmp_path / "net.prototxt", seed=1701)

    torch.testing.assert_close(net(batch())["loss"], Net(NET, seed=1701)(batch())["loss"])


def test_infogain_matrix_of_another_size_is_refused(tmp_path: Path) -> None:
    write_blob(tmp_path / "h.binaryproto", np.eye(2, dtype=np.float32)[None, None])
    text = NET.replace("SoftmaxWithLoss", "InfogainLoss").replace(
        'top: "loss"', f'top: "loss" infogain_loss_param {{ source: "{tmp_path}/h.binaryproto" }}'
    )

    with pytest.raises(DiagnosticError, match="PN302"):
        Net(text)
