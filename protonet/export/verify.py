"""Whether a net computes what it should: blob by blob, against something else that computes it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.export.verify_compare import Blobs, Comparison, compare
from protonet.export.verify_npz import inputs_of, read_arrays, write_arrays
from protonet.export.verify_references import (
    Question,
    Reference,
    begin_anew,
    blobs_of,
    reference,
    tensors,
)
from protonet.graph.ir import Value
from protonet.net import Net
from protonet.nets.steps import Step, steps_of

PLAIN = "its own plain execution"
"""What a net is compared with if nothing is said."""


def verify(
    net: Net,
    against: str | None = None,
    *,
    weights: tuple[str, ...] = (),
    inputs: str | Path | None = None,
    seed: int = 1701,
    tolerance: float = 1e-4,
    save: str | Path | None = None,
) -> Comparison:
    """Run a net at TEST beside something else, and compare all blobs by name.

    Args:
        net: The net.
        against: ``golden.npz``, that ``save`` wrote; ``other.prototxt`` or
            ``other.prototxt:weights``; ``file.onnx``; ``opencv``. If not given, the net's own
            layers one by one, of which nothing is joined, folded or written over: a check of what
            protonet does for speed.
        weights: The files that the net's weights are from, for what reads them itself.
        inputs: A ``.npz`` with an array for each input; else a golden has them, or they are drawn.
        seed: For the inputs: N(0, 1), and 0 or 1 for labels and indices.
        tolerance: How far apart blobs may be, over the largest magnitude of what they should be.
        save: Where to write all blobs, inputs among them, as a golden.

    Raises:
        DiagnosticError: PN821 and PN823 to PN828, it cannot be compared; PN408, it cannot be saved.
    """
    other = None if against is None else reference(against)
    given = _given(net, other, inputs, seed)
    here = blobs_of(net, given)
    if save is not None:
        write_arrays(save, here)
    if other is None:
        plain = _one_by_one(net, given)
        return compare(dict(_as_run(net, given)), plain, against=PLAIN, tolerance=tolerance)
    computed = {blob: value for blob, value in here.items() if blob not in given}
    there = other.blobs(Question(net, given, weights))
    found = compare(computed, there, against=other.name, tolerance=tolerance)
    if not found.rows:
        raise DiagnosticError([_nothing_in_common(found, there)])
    return found


def drawn(net: Net, seed: int) -> Blobs:
    """Draw inputs: N(0, 1), and 0 or 1 where all that read one take labels or indices."""
    draw = torch.Generator().manual_seed(seed)
    labels = {
        value.blob for value in net.graph.consumed if all(_takes_labels(net, value))
    } & net.inputs.keys()
    return {
        blob: (
            torch.randint(2, shape, generator=draw).float()
            if blob in labels
            else torch.randn(shape, generator=draw)
        ).numpy()
        for blob, shape in net.inputs.items()
    }


def _takes_labels(net: Net, value: Value) -> Iterator[bool]:
    for node in net.graph.nodes:
        for at, bottom in enumerate(node.bottoms):
            if bottom == value:
                yield at in node.layer.no_gradient_to


def _given(net: Net, other: Reference | None, inputs: str | Path | None, seed: int) -> Blobs:
    if inputs is not None:
        return inputs_of(net, read_arrays(inputs), inputs)
    golden = None if other is None else other.inputs()
    if other is None or golden is None:
        return drawn(net, seed)
    return inputs_of(net, golden, other.name.strip("`"))


class _Watched(fx.Interpreter):
    """Runs a program and keeps what its modules return, before it is written over."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.returned: list[tuple[Tensor, ...]] = []

    def run_node(self, n: fx.Node) -> object:
        """Run a node of the program."""
        result = super().run_node(n)
        if n.op == "call_module":
            tops: tuple[Tensor, ...] = (result,) if isinstance(result, Tensor) else result
            self.returned.append(tuple(top.clone() for top in tops))
        return result


def _one_by_one(net: Net, inputs: Blobs) -> Blobs:
    """Return the blobs of a net whose layers run as modules of their own."""
    begin_anew(net)
    with net.programs.taken_apart(), torch.no_grad():
        found = net(tensors(inputs))
    return {blob: value.numpy() for blob, value in found.items()}


def _as_run(net: Net, inputs: Blobs) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the blobs of a net as it is run by default: what is folded away is missing."""
    begin_anew(net)
    program = net.programs.get()
    watched = _Watched(program.module)
    given = tensors(inputs)
    with torch.no_grad():
        watched.run(*(given[blob] for blob in program.inputs))
    for step, values in zip(_steps(net), watched.returned, strict=True):
        for top, value in zip(step.tops, values, strict=True):
            if net.graph.values.get(top.blob) == top:
                yield top.blob, value.numpy()


def _steps(net: Net) -> list[Step]:
    keys = [node.key for node in net.graph.nodes if not node.layer.is_source]
    modules: dict[str, nn.Module] = dict(zip(keys, net.layers.children(), strict=True))
    return steps_of(net.graph, net.graph.nodes, net.ownership, modules, net.graph.outputs)


def _nothing_in_common(found: Comparison, there: Blobs) -> Diagnostic:
    return Diagnostic(
        "PN826",
        f"{found.against} has no blob in common with the net",
        help=f"it has {', '.join(f'`{blob}`' for blob in list(there)[:5]) or 'none'}",
    )
