"""The compiled forms of a net: one for its outputs, one for each set of blobs that is asked for."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType

import torch
from torch import Tensor, nn

from protonet.diagnostics import did_you_mean
from protonet.graph.frozen import FrozenPrefix, rest
from protonet.graph.ir import Graph, Node, Value
from protonet.graph.share import Owned, Ownership
from protonet.nets.compile import Parts, Program, compile_graph, identifiers
from protonet.nets.execution import Execution
from protonet.nets.precision import in_precision

Wanted = tuple[str, ...] | None
"""Names of blobs; None for the net's outputs."""


class Programs:
    """Compiles a net when it is first run, and keeps what was compiled.

    Args:
        graph: The net.
        ownership: Which blob each layer reads.
        execution: How it is run.
        operators: The layers' modules by the keys of the nodes.
        blob: Gives the tensor of an owned blob as it is now.
    """

    def __init__(
        self,
        graph: Graph,
        ownership: Ownership,
        execution: Execution,
        operators: Mapping[str, nn.Module],
        blob: Callable[[Owned], Tensor],
    ) -> None:
        self._graph = graph
        self._ownership = ownership
        self._execution = execution
        self._operators = operators
        self._blob = blob
        self._compiled: dict[Wanted, Program] = {}
        self._split: dict[FrozenPrefix, tuple[Program, Program]] = {}

    def clear(self) -> None:
        """Forget what was compiled, since blobs or modes are others now."""
        self._compiled.clear()
        self._split.clear()

    def get(self, blobs: Wanted = None) -> Program:
        """Return what makes the outputs, or these blobs instead.

        Raises:
            ValueError: There is no blob of that name.
        """
        if blobs not in self._compiled:
            wanted = None if blobs is None else [self._value(blob) for blob in blobs]
            self._compiled[blobs] = self._compile(self._graph, wanted)
        return self._compiled[blobs]

    def split(self, prefix: FrozenPrefix) -> tuple[Program, Program]:
        """Return what makes the cut of a frozen prefix, and what makes the outputs of the cut."""
        if prefix not in self._split:
            self._split[prefix] = (
                self._compile(self._graph, prefix.cut),
                self._compile(rest(self._graph, prefix), None),
            )
        return self._split[prefix]

    def _compile(self, graph: Graph, wanted: Sequence[Value] | None) -> Program:
        program = compile_graph(graph, self._ownership, self._parts(), wanted)
        if self._execution.compile:
            program = replace(program, run=torch.compile(program.module))
        return program

    @contextmanager
    def taken_apart(self) -> Generator[tuple[nn.Module, Mapping[str, nn.Module]]]:
        """Run every layer as a module of its own inside, uncompiled, for hooks to watch.

        Gives the program, and its modules by the keys of the nodes.
        """
        usual = self._compiled.get(None)
        parts = self._parts()
        program = compile_graph(self._graph, self._ownership, parts, apart=True)
        names = identifiers(tuple(parts.modules))
        children = dict(program.module.named_children())
        self._compiled[None] = program
        try:
            yield program.module, {k: children[n] for k, n in names.items() if n in children}
        finally:
            self._compiled.pop(None)
            if usual:
                self._compiled[None] = usual

    def failed(self, trace: TracebackType | None) -> Node | None:
        """Find the layer whose module raised."""
        by_module = {id(module): key for key, module in self._operators.items()}
        key = ""
        while trace is not None:
            key = by_module.get(id(trace.tb_frame.f_locals.get("self")), key)
            trace = trace.tb_next
        return next((node for node in self._graph.nodes if node.key == key), None)

    def _parts(self) -> Parts:
        blobs = {owned.name: self._blob(owned) for owned in self._ownership.owned}
        return Parts(self._modules(), blobs)

    def _modules(self) -> Mapping[str, nn.Module]:
        dtype = self._execution.dtype
        if dtype is None:
            return self._operators
        nodes = {node.key: node for node in self._graph.nodes}
        return {
            key: in_precision(nodes[key], module, dtype) for key, module in self._operators.items()
        }

    def _value(self, blob: str) -> Value:
        values = self._graph.values
        if blob not in values:
            hint = did_you_mean(blob, values)
            raise ValueError(f"the net has no blob `{blob}`; {hint}".rstrip("; "))
        return values[blob]
