"""The frozen prefix: the layers whose tops depend on nothing but the sample.

Their blobs do not move, they draw no random number, and each row of a batch goes its own way. What
the rest of the net reads of them, the cut, can be computed once for each sample.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from protonet.graph.infer import Shapes
from protonet.graph.ir import Graph, Node, Value
from protonet.graph.share import Ownership
from protonet.message.common import Phase
from protonet.shape import count

FLOAT = 4
"""Bytes of a float32."""

Moving = frozenset[tuple[str, int]]
"""Blobs that training changes, by layer and number."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a data layer's samples become.

    Attributes:
        source: The data layer.
        cut: What the rest of the net reads of it: features, labels.
    """

    source: Node
    cut: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FrozenPrefix:
    """A frozen prefix.

    Attributes:
        nodes: Its layers, in file order, without data layers.
        sections: Its data layers, with the cut of each.
        bytes_per_sample: What the cut takes, in float32.
        end: Why it does not go on, as ``layer `fc8` learns``; empty if it is the whole net.
    """

    nodes: tuple[Node, ...]
    sections: tuple[Section, ...]
    bytes_per_sample: int
    end: str

    @property
    def span(self) -> str:
        """Its first and last layer, as ``conv1_1 .. l2_normalization_layer``."""
        first, last = self.nodes[0].name, self.nodes[-1].name
        return first if first == last else f"{first} .. {last}"

    @property
    def cut(self) -> tuple[Value, ...]:
        """The cut of all data layers."""
        return tuple(value for section in self.sections for value in section.cut)

    @property
    def blobs(self) -> str:
        """The names of the cut, what layers make before what comes straight from the data."""
        raw = {top for section in self.sections for top in section.source.tops}
        return ", ".join(value.blob for value in sorted(self.cut, key=raw.__contains__))


def moving(graph: Graph, ownership: Ownership, shapes: Shapes) -> Moving:
    """Return the blobs of a net that its training changes.

    These are what learns, and running statistics that a layer updates. A bound on norms may change
    a blob that does not learn.
    """
    changed = {
        owned.name
        for node in graph.nodes
        for owned in ownership.slots.get(node.key, ())
        if owned.lr_mult or not (owned.weight.learnable or _is_apart(node, shapes))
    }
    return frozenset(
        (node.name, at)
        for node in graph.nodes
        for at, owned in enumerate(ownership.slots.get(node.key, ()))
        if owned.name in changed
    )


def frozen_prefix(
    graph: Graph, shapes: Shapes, ownership: Ownership, moves: Moving
) -> FrozenPrefix | str:
    """Find the largest frozen prefix of a net.

    Layers at its end that only make the cut larger (Tile, Interp) are left to the rest.

    Args:
        graph: The net.
        shapes: Its shapes.
        ownership: Who owns which blob.
        moves: What training changes; of a test net, what the train net's training does.

    Returns:
        The prefix; if no layer with blobs is in it, why there is none.
    """
    if graph.force_backward:
        return "`force_backward` is set"
    search = _Search(graph, shapes, ownership, moves)
    kept = search.smallest(search.largest())
    end = search.why or "it is the whole net"
    if not any(node.key in ownership.slots for node in kept):
        return end
    sections = tuple(search.sections(kept))
    blobs = [value.blob for section in sections for value in section.cut]
    if len(set(blobs)) < len(blobs):
        return "the rest reads two versions of a blob"
    return FrozenPrefix(tuple(kept), sections, search.size(kept), search.why)


def rest(graph: Graph, prefix: FrozenPrefix) -> Graph:
    """Return a net without its frozen prefix: the data layers make the cut."""
    sources = {section.source.key: section.cut for section in prefix.sections}
    dropped = {node.key for node in prefix.nodes}
    return replace(
        graph,
        nodes=tuple(
            replace(node, tops=sources[node.key], loss_weights=(0.0,) * len(sources[node.key]))
            if node.key in sources
            else node
            for node in graph.nodes
            if node.key not in dropped
        ),
    )


def is_same_in_one_batch(graph: Graph, shapes: Shapes) -> bool:
    """Tell whether the gradient of several batches is that of all in one, times their number.

    So it is if layers keep samples apart and losses are means over them.
    """
    leading: set[Value] = set()
    for node in reversed(graph.nodes):
        if any(node.loss_weights):
            if not node.layer.averages_samples:
                return False
        elif leading.isdisjoint(node.tops) or node.layer.is_source:
            continue
        elif not _is_apart(node, shapes):
            return False
        leading.update(node.bottoms)
    return bool(leading)


def _is_apart(node: Node, shapes: Shapes) -> bool:
    bottoms = shapes.bottoms(node)
    return node.layer.keeps_samples_apart(*bottoms, training=node.phase is Phase.TRAIN)


class _Search:
    """Looks for the prefix of one net.

    Attributes:
        why: Which layer ends it, the first one in file order, and why.
    """

    def __init__(self, graph: Graph, shapes: Shapes, ownership: Ownership, moves: Moving) -> None:
        self.why = ""
        self._graph = graph
        self._shapes = shapes
        self._ownership = ownership
        self._moves = moves
        self._origin: dict[Value, Node] = {}

    def largest(self) -> list[Node]:
        """Return all layers that depend on nothing but the sample."""
        kept: list[Node] = []
        for node in self._graph.nodes:
            if node.layer.is_source:
                self._start(node)
            elif all(bottom in self._origin for bottom in node.bottoms):
                why = self._refusal(node)
                if why:
                    self.why = self.why or f"layer `{node.name}` {why}"
                else:
                    kept.append(node)
                    self._origin |= dict.fromkeys(node.tops, self._origin[node.bottoms[0]])
        return kept

    def smallest(self, kept: list[Node]) -> list[Node]:
        """Leave out layers without blobs at the end while that makes the cut smaller."""
        for node in reversed(kept):
            without = [other for other in kept if other is not node]
            read = {bottom for other in without for bottom in other.bottoms}
            is_last = read.isdisjoint(node.tops) and node.key not in self._ownership.slots
            if is_last and self.size(without) < self.size(kept):
                kept = without
        return kept

    def sections(self, kept: Sequence[Node]) -> Iterator[Section]:
        """Yield the data layers of a prefix, with their cuts."""
        cut = self._cut(kept)
        for source in dict.fromkeys(self._origin[node.bottoms[0]].key for node in kept):
            node = next(node for node in self._graph.sources if node.key == source)
            own = tuple(value for value in cut if self._origin[value].key == source)
            if own:
                yield Section(node, own)

    def size(self, kept: Sequence[Node]) -> int:
        """Return the bytes of a sample's cut."""
        sources = {self._origin[node.bottoms[0]].key for node in kept}
        return FLOAT * sum(
            count(self._shapes.values[value][1:])
            for value in self._cut(kept)
            if self._origin[value].key in sources
        )

    def _start(self, node: Node) -> None:
        batches = {self._shapes.values[top][:1] for top in node.tops}
        if node.type != "Input" and len(batches) == 1 and () not in batches:
            self._origin |= dict.fromkeys(node.tops, node)

    def _refusal(self, node: Node) -> str:
        """Return why a layer whose bottoms are in the prefix is not."""
        if not node.bottoms:
            return "has no bottom"
        origins = {self._origin[bottom].key for bottom in node.bottoms}
        if len(origins) > 1:
            return "reads samples of two data layers"
        batch = self._shapes.values[node.bottoms[0]][:1]
        if any(node.loss_weights) or any(self._shapes.values[t][:1] != batch for t in node.tops):
            return "makes one value of all samples"
        if not _is_apart(node, self._shapes):
            return "mixes samples, draws random numbers, or remembers earlier batches"
        slots = self._ownership.slots.get(node.key, ())
        moved = [owned for owned in slots if (owned.layer, owned.index) in self._moves]
        if any(owned.weight.learnable for owned in moved):
            return "learns"
        return "has statistics that training changes" if moved else ""

    def _cut(self, kept: Iterable[Node]) -> list[Value]:
        """Return what others read of the prefix and its data layers, in order of making."""
        inside = {node.key for node in kept}
        read: set[Value] = {
            bottom
            for node in self._graph.nodes
            if node.key not in inside
            for bottom in node.bottoms
        }
        seen: Collection[Value] = {*read, *self._graph.outputs}
        made = {
            top
            for node in self._graph.nodes
            if node.key in inside or node.layer.is_source
            for top in node.tops
        }
        return [value for value in self._origin if value in seen and value in made]
