"""A net as ONNX: what onnxruntime computes from it."""

import sys
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
from tests.export.nets import draw_weights, relative, small_batch, zoo_net
from tests.zoo.cases import CASES, Case

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


def test_a_net_that_holds_the_size_of_its_batch_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    reshape = (
        'layer { name: "r" type: "Reshape" bottom: "data" top: "r" reshape_param { shape '
        "{ dim: 1 dim: 36 } } }\n"
    )
    small(INPUT + reshape, path)

    assert shapes(path) == {"data": [1, 4, 3, 3], "r": [1, 36]}


def test_a_layer_whose_work_depends_on_values_is_told(tmp_path: Path) -> None:
    chosen = 'layer { name: "in" type: "Input" top: "which" input_param { shape { dim: 1 } } }\n'
    layer = 'layer { name: "f" type: "Filter" bottom: "data" bottom: "which" top: "some" }\n'

    with pytest.raises(DiagnosticError) as caught:
        small(INPUT + chosen + layer, tmp_path / "net.onnx")

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "PN822",
        "layer `f`: `Filter` cannot be written as ONNX: what it does depends on values",
    )
    assert list(tmp_path.iterdir()) == []


def test_what_torch_cannot_export_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise torch.onnx.OnnxExporterError("no function for aten.some\nand more")

    monkeypatch.setattr(torch.onnx, "export", refuse)

    with pytest.raises(DiagnosticError) as caught:
        small('name: "some"\n' + INPUT, tmp_path / "net.onnx")

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
        small(INPUT, tmp_path / "net.onnx")

    assert caught.value.diagnostics[0].help == 'pip install "protonet[onnx]"'
