"""Sizes of activations and gradients."""

from pathlib import Path

import pytest
import torch

from protonet.net import Net
from protonet.report.stats import Activation, activations, compare, plot, table, variants, verdict

NET = """\
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 64 dim: 400 } } }
layer { name: "t" type: "Input" top: "label" input_param { shape { dim: 64 } } }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a"
  inner_product_param { num_output: 400 weight_filler { type: "msra" } } }
layer { name: "r" type: "ReLU" bottom: "a" top: "a" }
layer { name: "b" type: "InnerProduct" bottom: "a" top: "b"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "acc" type: "Accuracy" bottom: "b" bottom: "label" top: "acc" }
layer { name: "l" type: "SoftmaxWithLoss" bottom: "b" bottom: "label" }
"""


@pytest.fixture
def net(tmp_path: Path) -> str:
    (tmp_path / "net.prototxt").write_text(NET, encoding="utf-8")
    return str(tmp_path / "net.prototxt")


def test_sizes_are_those_that_the_fillers_promise() -> None:
    torch.manual_seed(1)
    a, r, b = activations(Net(NET, "TRAIN", seed=1701))

    assert [(row.layer, row.type, row.blob) for row in (a, r, b)] == [
        ("a", "InnerProduct", "a"),
        ("r", "ReLU", "a"),
        ("b", "InnerProduct", "b"),
    ]
    assert a.mean == pytest.approx(0, abs=0.2)  # its own deviation: sqrt(2 / 400)
    assert a.std == pytest.approx(2**0.5, rel=0.05)  # msra: var(w) = 2 / fan_in
    assert (a.zeros, r.zeros) == (0, pytest.approx(0.5, abs=0.02))
    assert r.mean == pytest.approx(a.std / (2 * torch.pi) ** 0.5, rel=0.1)
    assert b.std == pytest.approx((r.mean**2 + r.std**2) ** 0.5, rel=0.2)  # var(w) = 1 / fan_in
    assert b.gradient == pytest.approx(0.4 / 64, rel=0.3)  # (p - 1_label) / 64


def test_the_net_is_left_as_it_was() -> None:
    net = Net(NET, "TRAIN", seed=1701)
    before = {name: blob.clone() for name, blob in net.state_dict().items()}

    activations(net)

    assert all(parameter.grad is None for parameter in net.parameters())
    assert all(torch.equal(blob, before[name]) for name, blob in net.state_dict().items())


def test_a_net_without_a_loss_has_no_gradients() -> None:
    text = "".join(line for line in NET.splitlines(keepends=True) if "Softmax" not in line)

    rows = activations(Net(text, "TEST", seed=1701))

    assert [row.gradient for row in rows] == [None, None, None]


def test_fillers_are_compared_on_the_same_data(net: str) -> None:
    found = variants(
        net,
        "TRAIN",
        fillers={"zero": {"type": "constant"}, "msra": {"type": "msra"}},
        batch_norm=True,
    )

    assert list(found) == ["zero", "msra", "zero + BatchNorm", "msra + BatchNorm"]
    assert verdict(found["zero"]).startswith("all activations are equal")
    assert [row.layer for row in found["msra + BatchNorm"]] == ["a", "a/bn", "a/scale", "r", "b"]
    scaled = found["msra + BatchNorm"][2]
    assert (scaled.mean, scaled.std) == (pytest.approx(0, abs=1e-4), pytest.approx(1, abs=1e-3))


def test_trained_weights_can_be_looked_at(net: str, tmp_path: Path) -> None:
    trained = Net(net, "TRAIN", seed=3)
    torch.save(trained.state_dict(), tmp_path / "a.pth")

    (rows,) = variants(net, "TRAIN", fillers={}, weights=str(tmp_path / "a.pth"), seed=5).values()
    torch.manual_seed(6)

    assert rows == activations(trained)


def row(layer: str, kind: str, std: float, zeros: float = 0.0) -> Activation:
    return Activation(layer, kind, layer, 0.5, std, zeros, 0.001 if std else None)


FADING = (row("a", "Convolution", 2.0), row("r", "ReLU", 1.0, 0.99), row("b", "InnerProduct", 0.5))


def test_the_verdict_says_whether_signals_keep_their_size() -> None:
    assert verdict(FADING) == "signals fade by 4 from a to b; nearly everything is 0 after r"
    assert verdict(FADING[::-1][::2]) == "signals fade by 4 from b to a".replace("fade", "grow")
    assert verdict(FADING[:1]) == ""


def test_tables_have_a_line_a_layer() -> None:
    assert table(FADING[:2]).splitlines() == [
        "layer  type         mean  std  zeros  gradient std",
        "a      Convolution   0.5    2     0%         0.001",
        "r      ReLU          0.5    1    99%         0.001",
    ]
    assert compare({"one": FADING, "two": FADING[1:]}).splitlines() == [
        "layer  one  two",
        "a        2",
        "r        1    1",
        "b      0.5  0.5",
    ]


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    plot({"one": FADING, "two": [row("caf\udce9", "ReLU", 0.0)]}, tmp_path / "s.png")

    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")
