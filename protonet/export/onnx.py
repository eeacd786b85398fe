"""A net -> ONNX: its source in plain torch, through torch's exporter.

Every blob of the source has its name in the file, inner ones too.
"""

import logging
import warnings
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.export.extras import onnx_package
from protonet.export.source import Source, build, compose
from protonet.net import Net
from protonet.shape import Shape
from protonet.weights.atomic import replacing

MARK = ":blob:"
"""What blobs are called while torch gives names of its own."""
TIMED = frozenset({"LSTM", "RNN"})
"""Their bottoms are ``(T, N, ...)``: the batch is axis 1, and the steps are fixed."""


def write(net: Net, path: str | Path) -> None:
    """Write what a net computes at TEST as ONNX, with its weights; any batch goes through it.

    Losses and accuracies are left out, as in `source.write`. Where the net itself holds the size of
    its batch, as a Reshape to fixed numbers, the file does too.

    Raises:
        DiagnosticError: PN820, a layer has no form in plain torch; PN822, or none in ONNX; PN821, a
            package is not installed; PN408, the file cannot be written.
    """
    source = compose(net, "", every=True)
    _check_extents(net, source)
    onnx, _ = onnx_package("onnx"), onnx_package("onnxscript")
    model = _exported(net, source, build(source))
    _finish(model, compose(net, "").outputs)
    with replacing(Path(path)) as temporary:
        onnx.save(model, temporary)
        onnx.checker.check_model(str(temporary), full_check=True)


def _check_extents(net: Net, source: Source) -> None:
    problems = [
        Diagnostic(
            "PN822",
            f"layer `{node.name}`: `{node.type}` cannot be written as ONNX: what it does depends "
            "on values",
            (Label(net.graph.place(node, "type")),),
            "cut the net before it; `protonet convert --to torch` writes it",
        )
        for node in source.unfixed
    ]
    if problems:
        raise DiagnosticError(problems)


def _exported(net: Net, source: Source, module: nn.Module) -> Any:
    """Export with any batch, or else with the net's own."""
    axis = 1 if any(node.type in TIMED for node in net.graph.nodes) else 0
    shapes = {blob: net.inputs[blob] for blob in source.inputs}
    try:
        return _export(module, source, _with_batch(shapes, axis), axis)
    except (torch.onnx.OnnxExporterError, RuntimeError):
        pass  # it holds the size of its batch
    try:
        return _export(module, source, shapes, None)
    except (torch.onnx.OnnxExporterError, RuntimeError) as error:
        raise DiagnosticError([_refused(net, error)]) from error


def _with_batch(shapes: Mapping[str, Shape], axis: int) -> dict[str, Shape]:
    """Return the inputs' shapes with a batch that is not 1, which torch would take for fixed."""
    batch = next((shape[axis] for shape in shapes.values() if len(shape) > axis), 1)
    return {
        blob: (*shape[:axis], max(2, batch), *shape[axis + 1 :])
        if shape[axis : axis + 1] == (batch,)
        else shape
        for blob, shape in shapes.items()
    }


def _export(
    module: nn.Module, source: Source, shapes: Mapping[str, Shape], axis: int | None
) -> Any:
    dynamic: list[dict[int, str]] | None = None
    if axis is not None:
        batch = next((shape[axis] for shape in shapes.values() if len(shape) > axis), 0)
        dynamic = [
            {axis: "batch"} if shape[axis : axis + 1] == (batch,) else {}
            for shape in shapes.values()
        ]
    inputs: tuple[Tensor, ...] = tuple(torch.zeros(shape) for shape in shapes.values())
    with _quiet():
        program = torch.onnx.export(
            module,
            inputs,
            input_names=list(source.inputs),
            output_names=[f"{MARK}{blob}" for blob in source.outputs],
            dynamic_shapes=tuple(dynamic) if dynamic else None,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet() -> Generator[None]:
    """Keep what torch and onnxscript tell of their own innards from the user."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _finish(model: Any, blobs: Collection[str]) -> None:
    """Leave the net's outputs; the other blobs become inner values, which have their names."""
    graph = model.graph
    _rename(graph)
    found = {value.name: value for value in graph.output}
    del graph.output[:]
    graph.output.extend(found.pop(blob) for blob in blobs)
    graph.value_info.extend(found.values())
    read: set[str] = {value.name for value in graph.output}
    for node in reversed(list(graph.node)):
        if read.isdisjoint(node.output):
            graph.node.remove(node)
        else:
            read.update(node.input)


def _rename(graph: Any) -> None:
    """Give blobs their names, and what torch has called so another one."""
    blobs: set[str] = {value.name.removeprefix(MARK) for value in graph.output}
    inputs: set[str] = {value.name for value in graph.input}

    def renamed(name: str) -> str:
        if name.startswith(MARK):
            return name.removeprefix(MARK)
        return f"{name}{MARK}" if name in blobs - inputs else name

    for node in graph.node:
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    for value in (*graph.output, *graph.value_info, *graph.initializer):
        value.name = renamed(value.name)


def _refused(net: Net, error: Exception) -> Diagnostic:
    why = str(error).strip().partition("\n")[0]
    return Diagnostic("PN822", f"torch cannot export the net to ONNX: {why}")
