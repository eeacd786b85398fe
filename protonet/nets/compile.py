"""Graph -> torch.fx.GraphModule: straight-line code, every blob a local variable."""

import operator
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, fx, nn

from protonet.graph.ir import Graph, Node, Value
from protonet.graph.share import Owned, Ownership
from protonet.nets.steps import Step, steps_of


@runtime_checkable
class Overwriting(Protocol):
    """A layer's module that can write its top over its bottom."""

    inplace: bool


@dataclass(frozen=True, slots=True)
class Program:
    """Generated code with what it takes and gives.

    Attributes:
        module: Takes the values of ``inputs`` in order; gives a dict of blobs, a tuple of losses.
        inputs: Blobs of Input and data layers that it needs.
        weights: What each of the losses weighs.
        run: The module as ``torch.compile`` made it, if it was asked to.
    """

    module: fx.GraphModule
    inputs: tuple[str, ...]
    weights: tuple[float, ...]
    run: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What generated code calls: layers' modules by the nodes' keys, blobs by their names."""

    modules: Mapping[str, nn.Module]
    blobs: Mapping[str, Tensor]


def compile_graph(
    graph: Graph,
    ownership: Ownership,
    parts: Parts,
    wanted: Sequence[Value] | None = None,
    *,
    apart: bool = False,
) -> Program:
    """Generate the code of a graph.

    Args:
        graph: The net.
        ownership: Which blob each layer reads.
        parts: Modules and blobs; the program shares them.
        wanted: Values to return instead of the outputs; layers that they do not need are left out.
        apart: Make every value, so that each layer is a module, and none overwrites another's top.
    """
    nodes = graph.nodes if wanted is None else _needed(graph, wanted)
    returned = graph.outputs if wanted is None else tuple(wanted)
    if apart:
        returned = tuple(top for node in nodes for top in node.tops)
    emit = _Emitter(graph, parts, returned)
    for node in nodes:
        emit.source(node)
    for step in steps_of(graph, nodes, ownership, parts.modules, returned):
        emit.step(step)
    losses = [(value, weight) for value, weight in graph.losses() if value in emit.variables]
    emit.code.output(
        (
            {value.blob: emit.variables[value] for value in returned},
            tuple(emit.variables[value] for value, _ in losses),
        )
    )
    module = fx.GraphModule(emit.root, emit.code, class_name="Program")
    return Program(module, tuple(emit.inputs), tuple(weight for _, weight in losses))


def attribute(name: str) -> str:
    """Return the attribute of a blob ``layer/0``.

    torch allows no dot in it, and torch.fx writes it between quotes into the code that it runs: a
    layer's name is no code, whatever it holds.
    """
    return _NOT_IN_QUOTES.sub(lambda found: f"%{ord(found[0]):04X}", name)


def named_by(attribute: str) -> str:
    """Return the name of a blob by its attribute."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), attribute)


_NOT_IN_QUOTES = re.compile(r'[.%"\\\x00-\x1f\x7f\ud800-\udfff]')
_ESCAPED = re.compile(r"%([0-9A-F]{4})")


def identifiers(names: Collection[str]) -> dict[str, str]:
    """Return a Python identifier for each name, none of them an attribute of ``nn.Module``."""
    found: dict[str, str] = {}
    used: Counter[str] = Counter()
    for name in names:
        identifier = re.sub(r"\W", "_", name, flags=re.ASCII) or "_"
        if not identifier.isidentifier() or hasattr(nn.Module, identifier) or iskeyword(identifier):
            identifier = f"_{identifier}"
        used[identifier] += 1
        found[name] = identifier if used[identifier] == 1 else f"{identifier}__{used[identifier]}"
    return found


def overwrites_bottom(graph: Graph, node: Node, returned: Collection[Value]) -> bool:
    """Tell whether a layer may write over its bottom: nothing else reads it or needs it later."""
    if len(node.bottoms) != 1 or node.layer.keeps_bottom:
        return False
    (bottom,) = node.bottoms
    maker = next(n for n in graph.nodes if bottom in n.tops).layer
    is_fresh = not (maker.is_source or maker.keeps_top or maker.shares_bottom)
    readers = sum(n.bottoms.count(bottom) for n in graph.nodes)
    is_read_later = bottom in returned or any(bottom == loss for loss, _ in graph.losses())
    return is_fresh and readers == 1 and not is_read_later


def _needed(graph: Graph, wanted: Sequence[Value]) -> tuple[Node, ...]:
    """Return the layers that the wanted values depend on, in file order."""
    values, kept = set(wanted), list[Node]()
    for node in reversed(graph.nodes):
        if not values.isdisjoint(node.tops):
            values.update(node.bottoms)
            kept.append(node)
    return tuple(reversed(kept))


class _Emitter:
    """Appends one step after the other to an fx graph."""

    def __init__(self, graph: Graph, parts: Parts, returned: tuple[Value, ...]) -> None:
        self.graph = graph
        self.parts = parts
        self.returned = returned
        self.code = fx.Graph()
        self.root: dict[str, nn.Module | Tensor] = {}
        self.variables: dict[Value, fx.Node] = {}
        self.inputs: list[str] = []
        self._blobs: dict[str, fx.Node] = {}
        self._blob_names = identifiers(tuple(graph.values))
        self._module_names = identifiers(tuple(parts.modules))

    def source(self, node: Node) -> None:
        """Append an argument for each top of a data layer."""
        if node.layer.is_source:
            for top in node.tops:
                self.variables[top] = self.code.placeholder(self._blob_names[top.blob])
                self.inputs.append(top.blob)

    def step(self, step: Step) -> None:
        """Append the call of a module."""
        arguments = [self._bottom(step.first, at) for at in range(len(step.first.bottoms))]
        arguments += [self._blob(owned) for owned in step.blobs]
        call = self.code.call_module(self._module(step), tuple(arguments))
        if len(step.tops) == 1:
            self.variables[step.tops[0]] = call
            return
        for at, top in enumerate(step.tops):
            self.variables[top] = self.code.call_function(operator.getitem, (call, at))

    def _module(self, step: Step) -> str:
        name, module = self._module_names[step.first.key], step.module
        if isinstance(module, Overwriting):
            inplace = overwrites_bottom(self.graph, step.first, self.returned)
            if module.inplace != inplace:
                module = copy(module)
                module.inplace = inplace
        self.root[name] = module
        return name

    def _bottom(self, node: Node, at: int) -> fx.Node:
        variable = self.variables[node.bottoms[at]]
        if node.blocks_gradient(at) and not self.graph.force_backward:
            return self.code.call_method("detach", (variable,))
        return variable

    def _blob(self, owned: Owned) -> fx.Node:
        name = owned.name
        if name not in self._blobs:
            self.root[attribute(name)] = self.parts.blobs[name]
            self._blobs[name] = self.code.get_attr(attribute(name))
        if self.parts.blobs[name].shape == owned.weight.shape:
            return self._blobs[name]
        return self.code.call_method("view", (self._blobs[name], owned.weight.shape))
