"""What rules look at."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from protonet.data.resolve import Resolved
from protonet.graph.backward import reached
from protonet.graph.infer import Shapes
from protonet.graph.ir import Graph, Node, Value
from protonet.graph.rules import takes_part
from protonet.graph.share import Owned
from protonet.lint.rule import Scope
from protonet.message.base import Message
from protonet.message.common import Phase
from protonet.shape import Shape
from protonet.source import Span
from protonet.spec.net import LayerParameter, NetState
from protonet.spec.read import NetFile, SolverFile


class FileView:
    """A net's file, and what rules ask of it.

    Args:
        file: The net.
    """

    def __init__(self, file: NetFile) -> None:
        self.file = file
        self.layers = file.message.layer
        self.tree = file.tree

    def messages(self, name: str) -> Sequence[tuple[int, LayerParameter, Message]]:
        """Return the layers that set a message: index, layer, message."""
        return self._by_name.get(name, ())

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[int, LayerParameter, Message]]]:
        found: defaultdict[str, list[tuple[int, LayerParameter, Message]]] = defaultdict(list)
        for index, layer in enumerate(self.layers):
            for name, message in layer.param_messages.items():
                found[name].append((index, layer, message))
        return found

    @cached_property
    def with_rules(self) -> list[tuple[int, LayerParameter]]:
        """The layers that have an ``include`` or ``exclude``, with their index."""
        layers = enumerate(self.layers)
        return [(index, layer) for index, layer in layers if layer.include or layer.exclude]


class View:
    """A net in one state, and what rules ask of it.

    Args:
        resolved: Its graph, shapes and blobs.
        loads: Whether weights are loaded into it.
    """

    def __init__(self, resolved: Resolved, *, loads: bool = False) -> None:
        self.resolved = resolved
        self.loads = loads

    @property
    def graph(self) -> Graph:
        """The layers that take part."""
        return self.resolved.graph

    @property
    def shapes(self) -> Shapes:
        """The shapes of all blobs."""
        return self.resolved.shapes

    def in_phase(self, phase: Phase) -> "View":
        """Return the same layers in another phase."""
        graph = replace(self.graph, phase=phase)
        return View(replace(self.resolved, graph=graph), loads=self.loads)

    def phase_of(self, node: Node) -> Phase:
        """Return the phase that a layer is in: its own, or the net's."""
        return node.spec.phase if node.spec.has("phase") else self.graph.phase

    @cached_property
    def is_trained(self) -> bool:
        """Tell whether it is in the phase TRAIN and has a loss."""
        return self.graph.phase is Phase.TRAIN and any(self.graph.losses())

    @cached_property
    def makers(self) -> dict[Value, Node]:
        """The node that makes each value."""
        return {top: node for node in self.graph.nodes for top in node.tops}

    @cached_property
    def readers(self) -> dict[Value, list[Node]]:
        """The nodes that read each value, in file order."""
        found: defaultdict[Value, list[Node]] = defaultdict(list)
        for node in self.graph.nodes:
            for bottom in dict.fromkeys(node.bottoms):
                found[bottom].append(node)
        return found

    @cached_property
    def backward(self) -> frozenset[str]:
        """The keys of the nodes that a backward pass reaches."""
        return reached(self.graph, self.resolved.ownership)

    @cached_property
    def _by_type(self) -> dict[str, list[Node]]:
        found: defaultdict[str, list[Node]] = defaultdict(list)
        for node in self.graph.nodes:
            found[node.type].append(node)
        return found

    def of_type(self, *types: str) -> Iterator[Node]:
        """Yield the nodes of some types, of each in file order."""
        return chain.from_iterable(self._by_type.get(kind, ()) for kind in types)

    @cached_property
    def in_place(self) -> list[Node]:
        """The nodes that write over a bottom."""
        return [
            node
            for node in self.graph.nodes
            if any(top.blob in node.spec.bottom for top in node.tops)
        ]

    def blobs(self, node: Node) -> tuple[Owned, ...]:
        """Return the blobs of a node, those it shares under their owners."""
        return self.resolved.ownership.slots.get(node.key, ())

    def shape(self, value: Value) -> Shape:
        """Return the shape of a value."""
        return self.shapes.values[value]

    def maker(self, node: Node, bottom: int = 0) -> Node:
        """Return the node that makes a bottom."""
        return self.makers[node.bottoms[bottom]]

    def after(self, node: Node) -> list[Node]:
        """Return the nodes that read any top of a node."""
        return [reader for top in node.tops for reader in self.readers.get(top, ())]

    def leads_to(self, node: Node, holds: Callable[[Node], bool]) -> bool:
        """Tell whether a node for which something holds comes somewhere after one."""
        seen = {node.key}
        waiting = self.after(node)
        while waiting:
            one = waiting.pop()
            if one.key not in seen:
                if holds(one):
                    return True
                seen.add(one.key)
                waiting += self.after(one)
        return False

    def before(self, node: Node, through: Collection[str]) -> Node:
        """Return the node before one that has bottoms, looking through layers of some types."""
        node = self.maker(node)
        while node.type in through:
            node = self.maker(node)
        return node

    def place(self, node: Node, *path: str | int) -> Span:
        """Return where the file says something of a layer."""
        return self.graph.place(node, *path)


class Phases(NamedTuple):
    """A net in both phases."""

    train: View
    test: View


@dataclass(frozen=True, slots=True)
class Run:
    """A solver and its nets.

    Attributes:
        solver: The file.
        train: The net it trains.
        tests: The nets it tests, in the order of ``test_iter``.
    """

    solver: SolverFile
    train: View
    tests: tuple[View, ...]


def only_in(layer: LayerParameter) -> Phase | None:
    """Return the phase that a layer's rules bind it to; None if it is in both, or they say more."""
    kept = [phase for phase in Phase if takes_part(layer, _STATES[phase])]
    spoken = any(rule.has("phase") for rule in (*layer.include, *layer.exclude))
    return kept[0] if spoken and len(kept) == 1 else None


_STATES = {phase: NetState.of({"phase": phase}) for phase in Phase}


def listed(names: Iterable[str], most: int = 3) -> str:
    """Return names as a sentence has them: "`a`, `b`, `c` and 4 more"."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > most:
        return f"{', '.join(quoted[:most])} and {len(quoted) - most} more"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


NET: Scope[FileView] = Scope("net")
GRAPH: Scope[View] = Scope("graph")
PHASES: Scope[Phases] = Scope("phases")
SOLVER: Scope[SolverFile] = Scope("solver")
RUN: Scope[Run] = Scope("run")

SCOPES = (NET, GRAPH, PHASES, SOLVER, RUN)
"""All of them, in the order of what a check does."""
