"""A net as ONNX: what onnxruntime computes from it."""

import sys
from collections.abc import Generator
from copy import copy
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime  # pyright: ignore[reportMissingTypeStubs] # it has none
import pytest
import torch
from torch import Tensor

from protonet import DiagnosticError, Net
from protonet.export.onnx import write
from protonet.export.verify_references import begin_anew
from tests.export.nets import draw_weights, relative, small_batch, zoo_net
from tests.export.source_cases import LAYERS, LayerNet
from tests.zoo.cases import CASES, Case


@pytest.fixture(scope="module", autouse=True)
def _one_table_of_operators() -> Generator[None]:
    """Let torch's exporter make its table of operators once, not anew for every small net."""
    table: Any = import_module("torch.onnx._internal.exporter._registration").ONNXRegistry
    made = cache(table.from_torchlib)

    def copied(**opset: int) -> Any:
        found = copy(made(**opset))
        found.functions = {name: [*forms] for name, forms in found.functions.items()}
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "from_torchlib", staticmethod(copied))
        yield


QUICK = ("lenet", "lstm")
every_net = pytest.mark.parametrize(
    "case",
    [
        # All together take minutes; torch's exporter needs seconds for each.
        pytest.param(case, marks=() if name in QUICK else pytest.mark.slow, id=name)
        for name, case in CASES.items()
    ],
)


def run(path: Path, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the outputs, and the inner values that are blobs."""
    runtime: Any = onnxruntime  # of whose names some are not typed
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names: list[str] = [each.name for each in session.get_outputs()]
    given = {each.name: inputs[each.name].numpy() for each in session.get_inputs()}
    found: list[Any] = session.run(names, given)
    return {name: torch.from_numpy(np.asarray(x)) for name, x in zip(names, found, strict=True)}


def shapes(path: Path) -> dict[str, list[int | str]]:
    graph = onnx.load(str(path)).graph
    return {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }


def add_output(path: Path, name: str) -> None:
    """Let a file give one more of its values."""
    model = onnx.load(str(path))
    if all(output.name != name for output in model.graph.output):
        model.graph.output.add().name = name
    onnx.save(model, str(path))


def small(text: str, path: Path) -> Net:
    net = Net(text, phase="TEST")
    draw_weights(net)
    write(net, path)
    return net


INPUT = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 dim: 3 dim: 3
} } }
"""
RELU = 'layer { name: "r" type: "ReLU" bottom: "data" top: "r" }\n'


@torch.no_grad()
@every_net
def test_a_zoo_net_is_the_same_for_onnxruntime_in_any_batch(case: Case, tmp_path: Path) -> None:
    net, x = zoo_net(case), small_batch(case)
    path = tmp_path / "net.onnx"
    write(net, path)
    add_output(path, case.last)
    axis, channels = (1, 2) if case.name == "lstm" else (0, 1)
    three = {blob: torch.cat([x[blob]] * 3, axis).narrow(axis, 0, 3) for blob in net.inputs}

    tops, more = run(path, x), run(path, three)
    (last,) = net(x, blobs=[case.last]).values()

    assert tops.keys() == more.keys() == {*net.outputs, case.last}
    assert relative(tops[case.last], last) < 1e-5
    assert more[case.last].shape[axis] == 3
    assert relative(more[case.last].narrow(axis, 0, 1), last.narrow(axis, 0, 1)) < 1e-5
    # What two ways to add up differ by, some 1e-6 of the largest, Softmax multiplies by the size of
    # what it takes: so it is held against the Softmax of what it took.
    for found in (tops, more):
        for blob in tops.keys() - {case.last}:
            assert relative(found[blob], found[case.last].softmax(channels)) < 1e-5


def test_blobs_have_their_names_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    small(Path("zoo/lenet/deploy.prototxt").read_text(encoding="utf-8"), path)
    graph = onnx.load(str(path)).graph

    assert shapes(path) == {"data": ["batch", 1, 28, 28], "prob": ["batch", 10]}
    inner = {name for node in graph.node for name in node.output}
    assert inner >= {"conv1", "pool1", "conv2", "pool2", "ip1", "ip2", "prob"}
    assert {value.name for value in graph.initializer} >= {"conv1.weight", "conv1.bias"}


@torch.no_grad()
def test_a_blob_may_be_called_as_torch_calls_its_own_values(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    layers = """
    layer { name: "a" type: "InnerProduct" bottom: "data" top: "relu" inner_product_param {
      num_output: 4 } }
    layer { name: "b" type: "ReLU" bottom: "relu" top: "linear" }
    layer { name: "c" type: "InnerProduct" bottom: "linear" top: "view" inner_product_param {
      num_output: 4 } }
    """
    net = small(INPUT + layers, path)
    x = {"data": torch.randn(2, 4, 3, 3)}

    assert relative(run(path, x)["view"], net(x)["view"]) < 1e-5


def test_blobs_that_are_others_by_another_name_leave_no_nodes(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    layers = """
    layer { name: "s" type: "Split" bottom: "data" top: "a" top: "b" }
    layer { name: "x" type: "ReLU" bottom: "a" top: "x" }
    layer { name: "y" type: "TanH" bottom: "b" top: "y" }
    """
    small(INPUT + layers, path)

    assert [node.op_type for node in onnx.load(str(path)).graph.node] == ["Relu", "Tanh"]


@torch.no_grad()
def test_a_layer_may_work_in_place_on_an_input(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    power = (
        'layer { name: "p" type: "Power" bottom: "data" top: "data" power_param { scale: 2 } }\n'
    )
    x = {"data": torch.randn(2, 4, 3, 3)}

    assert write(Net(INPUT + power + RELU), path) == []
    assert torch.equal(run(path, x)["r"], (2 * x["data"]).relu())
    assert write(Net(INPUT + power), path) == [
        "output `data` is called `data:top`, as an input has its name"
    ]
    assert torch.equal(run(path, x)["data:top"], 2 * x["data"])


def test_a_net_without_layers_has_no_onnx(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="no layer that makes an output for ONNX"):
        write(Net(INPUT), tmp_path / "net.onnx")


def test_constants_that_nothing_reads_are_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    box = "prior_box_param { min_size: 2 } }\n"
    layers = (
        f'layer {{ name: "a" type: "PriorBox" bottom: "data" bottom: "data" top: "a" {box}'
        f'layer {{ name: "b" type: "PriorBox" bottom: "data" bottom: "data" top: "b" {box}'
        'layer { name: "c" type: "Concat" bottom: "a" bottom: "b" top: "c" concat_param { axis: 2 '
        "} }\n"
    )
    write(Net(INPUT + layers), path)
    graph = onnx.load(str(path)).graph

    read = {name for node in graph.node for name in node.input} | {x.name for x in graph.output}
    assert {value.name for value in graph.initializer} <= read


def test_a_net_that_holds_the_size_of_its_batch_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    reshape = (
        'layer { name: "r" type: "Reshape" bottom: "data" top: "r" reshape_param { shape '
        "{ dim: 1 dim: 36 } } }\n"
    )

    told = write(Net(INPUT + reshape), path)

    assert told == ["its batch is fixed, as the net holds the size of it"]
    assert shapes(path) == {"data": [1, 4, 3, 3], "r": [1, 36]}


FALLING = "detection_output_param { num_classes: 3 nms_param { nms_threshold: 0.7 eta: 0.9 } }"
UNLIKE = ("DetectionOutput", "Filter", "PSROIPooling")
"""Types that ONNX has something else for than their source, and that no other test runs."""
ALWAYS = {next(at for at, case in enumerate(LAYERS) if case.type == kind) for kind in UNLIKE}


def batches(case: LayerNet, path: Path) -> list[dict[str, Tensor]]:
    """Return the case's batch, and one that is larger where the file leaves an axis open."""
    x = case.batch()
    open_axes = {
        blob: next((at for at, dim in enumerate(dims) if isinstance(dim, str)), None)
        for blob, dims in shapes(path).items()
        if blob in x
    }
    more = {
        blob: value if (axis := open_axes.get(blob)) is None else torch.cat([value] * 3, axis)
        for blob, value in x.items()
    }
    return [x, more]


@torch.no_grad()
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=() if at in ALWAYS else pytest.mark.slow, id=f"{case.type}-{at}")
        for at, case in enumerate(LAYERS)
        if "eta" not in case.params
    ],
)
def test_a_layer_is_the_same_for_onnxruntime(case: LayerNet, tmp_path: Path) -> None:
    net, path = case.net(), tmp_path / "net.onnx"
    write(net, path)

    for x in batches(case, path):
        begin_anew(net)
        tops = run(path, x)
        expected = net(x, blobs=tuple(tops))
        for blob, top in tops.items():
            assert relative(top, expected[blob]) < 1e-5


def test_equal_values_have_the_order_that_caffe_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    layer = (
        'layer { name: "best" type: "ArgMax" bottom: "data" top: "best" argmax_param { top_k: 3 '
        "axis: 1 } }\n"
    )
    write(Net(INPUT + layer), path)

    assert run(path, {"data": torch.zeros(1, 4, 3, 3)})["best"][0, :, 0, 0].tolist() == [3, 2, 1]


def test_means_of_windows_that_torch_has_not(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    layer = (
        'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { '
        "pool: AVE kernel_size: 3 stride: 2 pad: 2 } }\n"
    )
    net = small(INPUT + layer, path)
    x = {"data": torch.randn(2, 4, 3, 3)}

    assert relative(run(path, x)["pool"], net(x)["pool"]) < 1e-5


def test_regions_are_counted_apart_from_images(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    layers = """
    layer { name: "in" type: "Input" top: "rois" input_param { shape { dim: 1 dim: 5 } } }
    layer { name: "roi" type: "ROIPooling" bottom: "data" bottom: "rois" top: "roi"
      roi_pooling_param { pooled_h: 2 pooled_w: 2 } }
    """
    net = small(INPUT + layers, path)
    rois = torch.tensor([[1.0, 0, 0, 2, 2], [0, 1, 1, 1, 2], [1, 0, 0, 0, 0]])
    x = {"data": torch.randn(2, 4, 3, 3), "rois": rois}

    assert shapes(path)["data"][0] == "batch"
    assert shapes(path)["rois"][0] == "rois"
    assert relative(run(path, x)["roi"], net(x)["roi"]) < 1e-5


def test_what_a_recurrent_layer_takes_once_a_sequence_has_its_batch_in_front(
    tmp_path: Path,
) -> None:
    path = tmp_path / "net.onnx"
    case = LayerNet("LSTM", "recurrent_param { num_output: 3 }", ((4, 1, 5), (4, 1), (1, 6)))
    write(case.net(), path)

    assert {blob: dims for blob, dims in shapes(path).items() if blob != "t0"} == {
        "b0": [4, "batch", 5],
        "b1": [4, "batch"],
        "b2": ["batch", 6],
    }


def test_priors_are_the_same_for_any_batch(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    params = "detection_output_param { num_classes: 3 }"
    write(LayerNet("DetectionOutput", params, ((1, 24), (1, 18), (1, 2, 24))).net(), path)

    assert [dims[0] for blob, dims in shapes(path).items() if blob != "t0"] == ["batch", "batch", 1]


def test_boxes_that_end_before_they_start_suppress_none(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    case = LayerNet(
        "DetectionOutput",
        "detection_output_param { num_classes: 2 nms_param { nms_threshold: 0.3 } }",
        ((1, 12), (1, 6), (1, 2, 12)),
    )
    net = case.net()
    write(net, path)
    prior = torch.tensor([[5.0, 5, 1, 1, 1, 1, 5, 5, 1, 1, 5, 5] + [1.0] * 12]).reshape(1, 2, 12)
    conf = torch.tensor([[0.1, 0.9, 0.2, 0.8, 0.3, 0.7]])
    x = {"b0": torch.zeros(1, 12), "b1": conf, "b2": prior}

    (top,) = run(path, x).values()

    assert top[0, 0, :, 2].tolist() == pytest.approx([0.9, 0.8])
    assert torch.equal(top, net(x)["t0"])


def test_a_layer_that_onnx_has_nothing_for_is_told(tmp_path: Path) -> None:
    case = LayerNet("DetectionOutput", FALLING, ((2, 24), (2, 18), (1, 2, 24)))

    with pytest.raises(DiagnosticError) as caught:
        write(case.net(), tmp_path / "net.onnx")

    (problem,) = caught.value.diagnostics
    assert problem.code == "PN822"
    assert problem.message == (
        "layer `it`: this `DetectionOutput` cannot be written as ONNX: its `eta` lowers the "
        "threshold"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_torch_cannot_export_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise torch.onnx.OnnxExporterError("step 3/3") from ValueError(
            "no function for \x1b[96maten.some\x1b[0m\nand more"
        )

    monkeypatch.setattr(torch.onnx, "export", refuse)

    with pytest.raises(DiagnosticError) as caught:
        small(INPUT + RELU, tmp_path / "net.onnx")

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "PN822",
        "torch cannot export the net to ONNX: no function for aten.some",
    )


def test_a_missing_package_is_told_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)

    with pytest.raises(DiagnosticError, match="`onnxscript` is not installed") as caught:
        small(INPUT + RELU, tmp_path / "net.onnx")

    assert caught.value.diagnostics[0].help == 'pip install "protonet[onnx]"'
