"""Who owns which blob: sharing by ``param { name }``, and what the solver may do with each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.graph.infer import Shapes
from protonet.graph.ir import Graph, Node
from protonet.layers.base import Weight
from protonet.shape import count
from protonet.spec.net import ParamSpec


@dataclass(frozen=True, slots=True)
class Owned:
    """A blob with the layer that owns it.

    Attributes:
        layer: The owner's name.
        key: The owner's key.
        index: Which of its blobs.
        weight: Shape and filler.
        lr_mult: Multiplies the rate; 0 freezes.
        decay_mult: Multiplies the weight decay.
        max_norm: Bounds the norm of each row (axis 0); 0 is no bound.
    """

    layer: str
    key: str
    index: int
    weight: Weight
    lr_mult: float
    decay_mult: float
    max_norm: float = 0.0

    @property
    def name(self) -> str:
        """The name in a state_dict."""
        return f"{self.key}/{self.index}"


@dataclass(frozen=True)
class Ownership:
    """Who owns what.

    Attributes:
        owned: The owned blobs in Caffe's order.
        slots: For each node's key, its blobs' owners, with the weight in the shape that it has in
            this layer: ``share_mode: PERMISSIVE`` lets that be another one.
    """

    owned: tuple[Owned, ...]
    slots: Mapping[str, tuple[Owned, ...]]

    @cached_property
    def reshaped(self) -> frozenset[str]:
        """Names of the blobs that have another shape in some layer than in their owner."""
        shapes = {owned.name: owned.weight.shape for owned in self.owned}
        slots = (slot for slots in self.slots.values() for slot in slots)
        return frozenset(slot.name for slot in slots if slot.weight.shape != shapes[slot.name])


def own(graph: Graph, shapes: Shapes) -> Ownership:
    """Give every blob an owner: itself, or the first blob of the same ``param`` name.

    Raises:
        DiagnosticError: PN209 to PN212 and PN225.
    """
    sharing = _Sharing(graph)
    for node in graph.nodes:
        sharing.add(node, shapes.weights.get(node.key, ()))
    if sharing.problems:
        raise DiagnosticError(sharing.problems)
    final = sharing.owned
    return Ownership(
        tuple(final.values()),
        {
            key: tuple(
                _in_shape(final[name], weight)
                for name, weight in zip(names, shapes.weights[key], strict=True)
            )
            for key, names in sharing.slots.items()
        },
    )


def _in_shape(owned: Owned, weight: Weight) -> Owned:
    """Return an owner as the layer sees it that has this weight in its place."""
    if owned.weight.shape == weight.shape:
        return owned
    return replace(owned, weight=replace(owned.weight, shape=weight.shape))


AGREED = ("lr_mult", "decay_mult", "max_norm")
"""Fields of ``param`` that layers which share a blob may not give different values."""
FROZEN = MappingProxyType({"lr_mult": 0.0, "decay_mult": 0.0})


_UNSAID = ParamSpec()


class _Sharing:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.owned: dict[str, Owned] = {}
        self.slots: dict[str, tuple[str, ...]] = {}
        self.problems: list[Diagnostic] = []
        self._named: dict[str, tuple[str, Node]] = {}
        self._specified: set[tuple[str, str]] = set()

    def add(self, node: Node, weights: tuple[Weight, ...]) -> None:
        specs = node.spec.param
        if len(specs) > len(weights):
            self._problem(
                "PN209",
                node,
                f"layer `{node.name}` has {len(specs)} `param`, but {len(weights)} blobs",
                "remove the surplus ones" if weights else f"`{node.type}` learns nothing",
                "param",
                len(weights),
            )
        padded = (*specs, *(_UNSAID,) * (len(weights) - len(specs)))
        pairs = zip(weights, padded, strict=False)
        names = [
            self._slot(node, at, weight, spec.model_copy(update=FROZEN) if weight.frozen else spec)
            for at, (weight, spec) in enumerate(pairs)
        ]
        if names:
            self.slots[node.key] = tuple(names)

    def _slot(self, node: Node, index: int, weight: Weight, spec: ParamSpec) -> str:
        if not weight.learnable and index < len(node.spec.param) and spec.lr_mult:
            default = "" if spec.has("lr_mult") else ", its default"
            self._problem(
                "PN212",
                node,
                f"layer `{node.name}`: running statistics cannot have "
                f"`lr_mult: {spec.lr_mult:g}`{default}",
                "write `lr_mult: 0`, or no `param` at all",
                "param",
                index,
            )
        if spec.max_norm < 0:
            self._problem(
                "PN225",
                node,
                f"layer `{node.name}`: `max_norm` is {spec.max_norm:g}; no norm is negative",
                "0 means no bound",
                "param",
                index,
                "max_norm",
            )
        if spec.name and spec.name in self._named:
            return self._shared(node, index, weight, spec)
        lr_mult = spec.lr_mult if weight.learnable else 0.0
        owned = Owned(node.name, node.key, index, weight, lr_mult, spec.decay_mult, spec.max_norm)
        name = owned.name
        self.owned[name] = owned
        if spec.name:
            self._named[spec.name] = (name, node)
            self._specify(name, spec)
        return name

    def _shared(self, node: Node, index: int, weight: Weight, spec: ParamSpec) -> str:
        name, owner = self._named[spec.name]
        owned = self.owned[name]
        permissive = spec.share_mode == ParamSpec.DimCheckMode.PERMISSIVE
        same = (
            count(owned.weight.shape) == count(weight.shape)
            if permissive
            else owned.weight.shape == weight.shape
        )
        if not same:
            self._problem(
                "PN210",
                node,
                f"layer `{node.name}`: shared blob `{spec.name}` has shape {weight.shape} here, "
                f"{owned.weight.shape} in layer `{owner.name}`",
                "" if permissive else "`share_mode: PERMISSIVE` asks for equal counts only",
                "param",
                index,
            )
        for field in AGREED:
            self._agree(node, index, spec, name, field)
        self._specify(name, spec)
        return name

    def _agree(self, node: Node, index: int, spec: ParamSpec, name: str, field: str) -> None:
        """The first layer that gives a multiplier decides; another value later is an error."""
        if not spec.has(field):
            return
        mine, theirs = getattr(spec, field), getattr(self.owned[name], field)
        if (name, field) not in self._specified:
            self.owned[name] = replace(self.owned[name], **{field: mine})
        elif mine != theirs:
            self._problem(
                "PN211",
                node,
                f"layer `{node.name}`: shared blob `{spec.name}` has `{field}: {mine:g}` here, "
                f"{theirs:g} where it is first given",
                "give it once, or the same everywhere",
                "param",
                index,
                field,
            )

    def _specify(self, name: str, spec: ParamSpec) -> None:
        self._specified |= {(name, field) for field in AGREED if spec.has(field)}

    def _problem(self, code: str, node: Node, message: str, hint: str, *path: str | int) -> None:
        labels = (Label(self.graph.place(node, *path)),)
        self.problems.append(Diagnostic(code, message, labels, hint))
