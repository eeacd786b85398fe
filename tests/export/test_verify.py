"""A net beside something else that computes it."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # pyright: ignore[reportMissingTypeStubs] # it has none
import pytest
import torch

from protonet import DiagnosticError, Net, save_weights
from protonet.export.onnx import write
from protonet.export.verify import drawn, verify
from protonet.export.verify_compare import compare
from protonet.export.verify_npz import read_arrays
from tests.export.nets import draw_weights

DEPLOY = """
name: "small"
layer {
  name: "data"
  type: "Input"
  top: "data"
  input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } }
}
layer {
  name: "conv"
  type: "Convolution"
  bottom: "data"
  top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 bias_term: false }
}
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" scale_param { bias_term: true } }
layer { name: "relu" type: "ReLU" bottom: "scale" top: "scale" }
layer {
  name: "pool"
  type: "Pooling"
  bottom: "scale"
  top: "pool"
  pooling_param { kernel_size: 3 stride: 2 }
}
layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "pool"
  top: "ip"
  inner_product_param { num_output: 5 }
}
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""
COMPUTED = ["conv", "bn", "scale", "pool", "ip", "prob"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.prototxt").write_text(DEPLOY, encoding="utf-8")


@pytest.fixture
def net() -> Net:
    net = Net("net.prototxt", phase="TEST")
    draw_weights(net)
    return net


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The net as ONNX, which takes seconds."""
    path = tmp_path_factory.mktemp("onnx") / "net.onnx"
    net = Net(DEPLOY, phase="TEST")
    draw_weights(net)
    write(net, path)
    return path.read_bytes()


def refusal(net: Net, against: str | None = None, **options: str) -> list[tuple[str, str]]:
    with pytest.raises(DiagnosticError) as caught:
        verify(net, against, **options)  # pyright: ignore[reportArgumentType] # the strings are files
    return [(problem.code, problem.message) for problem in caught.value.diagnostics]


def test_a_net_agrees_with_its_own_plain_execution(net: Net) -> None:
    found = verify(net)

    # bn and conv are folded away, the others are there.
    assert [row.blob for row in found.rows] == ["scale", "pool", "ip", "prob"]
    assert found.first is None
    assert 0 < max(row.relative for row in found.rows) < 1e-5
    assert list(found.lines())[-1].startswith(
        "all 4 blobs agree with its own plain execution: at most "
    )


def test_states_of_recurrent_layers_are_not_taken_along() -> None:
    net = Net("zoo/lstm/deploy.prototxt")
    draw_weights(net)

    assert verify(net).first is None
    assert verify(net, "zoo/lstm/deploy.prototxt").first is None


def test_a_golden_holds_inputs_and_all_blobs(net: Net) -> None:
    verify(net, save="golden.npz")

    assert list(read_arrays("golden.npz")) == ["data", *COMPUTED]
    found = verify(net, "golden.npz", seed=3)
    assert [row.blob for row in found.rows] == COMPUTED
    assert {row.absolute for row in found.rows} == {0}


def test_the_first_blob_that_diverges_is_named(net: Net) -> None:
    verify(net, save="golden.npz")
    with torch.no_grad():
        net.params["scale"][1][2] += 0.01

    found = verify(net, "golden.npz")

    row = found.first
    assert row is not None
    assert [each.blob for each in found.rows if not each.ok] == ["scale", "pool", "ip", "prob"]
    assert row.blob == "scale"
    assert row.absolute == pytest.approx(0.01, rel=1e-3)
    assert list(found.lines())[-1] == (
        f"`scale` is the first to diverge from `golden.npz`: by 1.0e-02, "
        f"{row.relative:.1e} of its largest value, where 0.0001 is allowed"
    )
    assert verify(net, "golden.npz", tolerance=1).first is None


def test_another_net_has_the_same_weights_unless_it_has_its_own(net: Net) -> None:
    save_weights(net, "net.caffemodel")
    Path("other.prototxt").write_text(DEPLOY.replace("ReLU", "TanH"), encoding="utf-8")

    assert verify(net, "net.prototxt").first is None
    assert verify(net, "net.prototxt:net.caffemodel").first is None
    assert verify(net, "net.prototxt", weights=("net.caffemodel",)).first is None
    row = verify(net, "other.prototxt").first
    assert row is not None
    assert row.blob == "scale"


def test_blobs_of_another_shape_diverge(net: Net) -> None:
    text = DEPLOY.replace("kernel_size: 3 stride: 2", "kernel_size: 6")
    text = text.replace('"ip"', '"other"').replace('"prob"', '"other_prob"')
    Path("other.prototxt").write_text(text, encoding="utf-8")

    found = verify(net, "other.prototxt")

    assert [row.blob for row in found.rows] == ["conv", "bn", "scale", "pool"]
    assert found.only_here == ("ip", "prob")
    assert list(found.lines())[-3:] == [
        "pool   2x4x3x3, there 2x4x1x1       inf       inf  NO",
        "not compared, for `other.prototxt` has them not: ip, prob",
        "`pool` is the first to diverge from `other.prototxt`: 2x4x3x3, there 2x4x1x1",
    ]


def test_inputs_that_another_net_calls_otherwise_go_by_order(net: Net) -> None:
    Path("other.prototxt").write_text(DEPLOY.replace('"data"', '"image"'), encoding="utf-8")

    assert verify(net, "other.prototxt").first is None


def test_an_onnx_file_gives_its_inner_values_too(net: Net, exported: bytes) -> None:
    Path("net.onnx").write_bytes(exported)

    found = verify(net, "net.onnx")

    # What the exporter joins, BatchNorm and Scale, has no name.
    assert [row.blob for row in found.rows] == ["conv", "scale", "pool", "ip", "prob"]
    assert found.only_here == ("bn",)
    assert found.first is None


def test_the_outputs_of_an_onnx_file_go_by_order_if_they_have_other_names(
    net: Net, exported: bytes
) -> None:
    model = onnx.load_from_string(exported)
    for node in model.graph.node:
        node.output[:] = [f"other_{name}" for name in node.output]
        node.input[:] = [
            name if "." in name or name == "data" else f"other_{name}" for name in node.input
        ]
    for value in (*model.graph.output, *model.graph.initializer):
        value.name = value.name if "." in value.name else f"other_{value.name}"
    del model.graph.value_info[:]
    onnx.save(model, "other.onnx")

    assert [row.blob for row in verify(net, "other.onnx").rows] == ["prob"]


def test_opencv_computes_the_same(net: Net) -> None:
    save_weights(net, "net.caffemodel")

    for weights in ((), ("net.caffemodel",)):
        found = verify(net, "opencv", weights=weights)
        assert [row.blob for row in found.rows] == COMPUTED
        assert found.first is None


def test_opencv_reads_a_net_that_is_no_file_as_well() -> None:
    net = Net(DEPLOY + "# caf\udce9\n")
    draw_weights(net)

    assert verify(net, "opencv").first is None


def test_inputs_may_be_given_in_another_batch(net: Net) -> None:
    images = np.ones((5, 3, 8, 8), np.float32)
    np.savez("images.npz", data=images, allow_pickle=False)

    verify(net, inputs="images.npz", save="golden.npz")

    golden = read_arrays("golden.npz")
    assert (golden["data"].shape, golden["prob"].shape) == ((5, 3, 8, 8), (5, 5))


def test_labels_are_drawn_as_0_and_1() -> None:
    net = Net("zoo/lenet_digits/train_val.prototxt", phase="TEST")

    given = drawn(net, 1701)

    assert set(np.unique(given["label"])) == {0, 1}
    assert len(np.unique(given["data"])) > 1000
    assert verify(net).first is None


def test_nan_equals_nan_and_nothing_else() -> None:
    nan, one = np.float32("nan"), np.float32(1)
    here = {"a": np.array([nan, one]), "b": np.array([nan, one]), "c": np.zeros(2, np.float32)}
    there = {"a": np.array([nan, one]), "b": np.array([one, one]), "c": np.zeros(2, np.float32)}

    found = compare(here, there, against="it", tolerance=1e-4)

    assert [row.ok for row in found.rows] == [True, False, True]
    assert compare({"c": there["b"]}, {"c": here["c"]}, against="it", tolerance=1).first is not None


def test_what_cannot_be_compared_is_told(
    net: Net, exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez("wrong.npz", data=np.zeros((2, 3, 9, 9), np.float32), allow_pickle=False)
    np.savez("text.npz", data=np.array(["a"]), allow_pickle=False)
    np.savez("alien.npz", data=np.zeros((2, 3, 8, 8), np.float32), allow_pickle=False)
    Path("no.onnx").write_text("none", encoding="utf-8")

    assert refusal(net, "golden.txt") == [("PN823", "a net cannot be compared with `golden.txt`")]
    assert refusal(net, inputs="text.npz") == [
        ("PN824", "`text.npz` holds no arrays of numbers by name")
    ]
    assert refusal(net, "gone.npz") == [
        ("PN021", "cannot read `gone.npz`: no such file or directory")
    ]
    assert refusal(net, inputs="wrong.npz") == [
        ("PN825", "the array for the input `data` is (2, 3, 9, 9), the net takes (2, 3, 8, 8)")
    ]
    np.savez("other.npz", images=np.zeros(1, np.float32), allow_pickle=False)
    assert refusal(net, inputs="other.npz") == [("PN825", "there is no array for the input `data`")]
    assert refusal(net, "alien.npz") == [
        ("PN826", "`alien.npz` has no blob in common with the net")
    ]
    assert refusal(net, "no.onnx") == [
        ("PN828", "onnxruntime cannot run `no.onnx`: it is not an ONNX file")
    ]
    assert refusal(net, "gone.onnx") == [
        ("PN021", "cannot read `gone.onnx`: no such file or directory")
    ]
    Path("net.onnx").write_bytes(exported)

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED\nand more")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    assert refusal(net, "net.onnx") == [
        ("PN828", "onnxruntime cannot run `net.onnx`: [ONNXRuntimeError] : 9 : NOT_IMPLEMENTED")
    ]


def test_an_unknown_layer_is_told_by_opencv() -> None:
    net = Net(DEPLOY.replace('type: "Softmax"', 'type: "SignedSqrt"'))

    assert refusal(net, "opencv") == [
        ("PN827", 'OpenCV cannot run the net: Can\'t create layer "prob" of type "SignedSqrt"')
    ]


@pytest.mark.parametrize("name", ['name: "prob"', 'top: "prob"'])
def test_a_name_that_is_no_utf8_is_kept_from_opencv(name: str) -> None:
    net = Net(DEPLOY.replace(name, name.replace("prob", r"caf\351")))

    assert refusal(net, "opencv") == [
        ("PN827", "OpenCV cannot run the net: `caf\ufffd` is not UTF-8")
    ]


def test_another_net_of_other_blobs_needs_weights_of_its_own(net: Net) -> None:
    Path("other.prototxt").write_text(
        DEPLOY.replace("num_output: 5", "num_output: 6"), encoding="utf-8"
    )

    assert refusal(net, "other.prototxt") == [
        ("PN829", "`other.prototxt` cannot take the net's weights: layer `ip` has other blobs")
    ]
