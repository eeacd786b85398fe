"""A net -> ONNX: its source in plain torch, through torch's exporter.

Every blob of the source has its name in the file, inner ones too.
"""

import logging
import re
import warnings
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.export.extras import onnx_package
from protonet.export.onnx_axes import Axis, open_axes
from protonet.export.onnx_parts import PARTS, translations
from protonet.export.source import Source, build, compose
from protonet.export.source.select import select
from protonet.net import Net
from protonet.shape import Shape
from protonet.weights.atomic import replacing

MARK = ":blob:"
"""What blobs are called while torch gives names of its own."""
TOP = ":top"
"""What follows the name of a blob that an input has as well: a value has one name in ONNX."""
_CONTROL = re.compile(r"\x1b\[[0-9;]*m")
"""Colours of a terminal."""


def write(net: Net, path: str | Path) -> list[str]:
    """Write what a net computes at TEST as ONNX, with its weights; any batch goes through it.

    Losses and accuracies are left out, as in `source.write`. Where the net itself holds the size of
    its batch, as a Reshape to fixed numbers, the file does too.

    Returns:
        What there is to tell of it.

    Raises:
        DiagnosticError: PN820, a layer has no form in plain torch; PN822, or none in ONNX; PN821, a
            package is not installed; PN408, the file cannot be written.
    """
    source = compose(net, "", every=True)
    _check_layers(net, source)
    onnx, _ = onnx_package("onnx"), onnx_package("onnxscript")
    model, axes = _exported(net, source, build(source, PARTS))
    blobs = compose(net, "").outputs
    names = {blob: f"{blob}{TOP}" if blob in source.inputs else blob for blob in blobs}
    _finish(model, names.values())
    with replacing(Path(path)) as temporary:
        onnx.save(model, temporary)
        onnx.checker.check_model(str(temporary), full_check=True)
    notes = [
        f"output `{blob}` is called `{name}`, as an input has its name"
        for blob, name in names.items()
        if name != blob
    ]
    if source.inputs and not axes:
        notes.append("its batch is fixed, as the net holds the size of it")
    return notes


def _check_layers(net: Net, source: Source) -> None:
    problems = [
        Diagnostic(
            "PN822",
            f"layer `{node.name}`: this `{node.type}` cannot be written as ONNX: {why}",
            (Label(net.graph.place(node, "type")),),
            "cut the net before it; `protonet convert --to torch` writes it",
        )
        for node, why in source.no_onnx
    ]
    if not source.outputs:
        problems.append(Diagnostic("PN822", "the net has no layer that makes an output for ONNX"))
    if problems:
        raise DiagnosticError(problems)


def _exported(net: Net, source: Source, module: nn.Module) -> tuple[Any, Mapping[str, Axis]]:
    """Export with any batch, or else with the net's own; tell which axes are open."""
    shapes = {blob: net.inputs[blob] for blob in source.inputs}
    axes = open_axes(select(net.graph), net.shapes.values)
    try:
        return _export(module, source, shapes, axes), axes
    except Exception:  # noqa: BLE001, S110 # it holds the size of its batch; torch raises all kinds
        pass
    try:
        return _export(module, source, shapes, {}), {}
    except Exception as error:
        raise DiagnosticError([_refused(net, error)]) from error


def _opened(shape: Shape, axis: Axis | None) -> Shape:
    """Return a shape whose open axis is not 1, which torch would take for fixed."""
    if axis is None:
        return shape
    return (*shape[: axis.at], max(2, shape[axis.at]), *shape[axis.at + 1 :])


def _export(
    module: nn.Module, source: Source, shapes: Mapping[str, Shape], axes: Mapping[str, Axis]
) -> Any:
    inputs: tuple[Tensor, ...] = tuple(
        torch.zeros(_opened(shape, axes.get(blob))) for blob, shape in shapes.items()
    )
    dynamic = [{axes[blob].at: axes[blob].name} if blob in axes else {} for blob in shapes]
    with _quiet():
        program = torch.onnx.export(
            module,
            inputs,
            input_names=list(source.inputs),
            output_names=[f"{MARK}{blob}" for blob in source.outputs],
            dynamic_shapes=tuple(dynamic) if axes else None,
            dynamo=True,
            verbose=False,
            custom_translation_table=translations(onnx_package("onnxscript").opset18),
        )
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet() -> Generator[None]:
    """Keep what torch and onnxscript tell of their own innards from the user."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


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
    for constant in list(graph.initializer):
        if constant.name not in read:
            graph.initializer.remove(constant)


def _rename(graph: Any) -> None:
    """Give blobs their names, and what torch has called so another one."""
    blobs: set[str] = {value.name.removeprefix(MARK) for value in graph.output}
    inputs: set[str] = {value.name for value in graph.input}

    def renamed(name: str) -> str:
        if name.startswith(MARK):
            blob = name.removeprefix(MARK)
            return f"{blob}{TOP}" if blob in inputs else blob
        return f"{name}{MARK}" if name in blobs - inputs else name

    for node in graph.node:
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    for value in (*graph.output, *graph.value_info, *graph.initializer):
        value.name = renamed(value.name)


def _refused(net: Net, error: BaseException) -> Diagnostic:
    """Give the innermost reason; what torch wraps around it is for those who debug torch."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = _CONTROL.sub("", str(error)).strip().splitlines() or [type(error).__name__]
    return Diagnostic("PN822", f"torch cannot export the net to ONNX: {lines[0]}")
