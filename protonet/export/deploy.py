"""A train_val net to the net that is deployed: images in, predictions out.

Data layers become Input layers, the loss becomes what it computes from the scores, and what only
served training or scoring goes: losses, accuracies, labels and the branches that lead only to them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from protonet.diagnostics import Diagnostic, DiagnosticError, Label, did_you_mean
from protonet.export.input_shapes import InputShape, UnknownShapeError, input_shape
from protonet.export.tolerant import read_tolerantly
from protonet.graph.build import build, unknown_type
from protonet.graph.ir import Graph, Node, Value
from protonet.graph.rules import states
from protonet.layers._unknown import Unknown, UnknownSource
from protonet.layers.base import Layer
from protonet.shape import Shape, extents
from protonet.source import Source
from protonet.spec.change import Change, made
from protonet.spec.dialect import resolve
from protonet.spec.fork_types import fork_type
from protonet.spec.rewrite import modern_net
from protonet.syntax.parse import parse
from protonet.syntax.splice import splice
from protonet.syntax.tree import Block, Field, Tree

_OF_TRAINING = frozenset({"state", "force_backward", "debug_info"})
_RULES = frozenset({"include", "exclude"})
_HEADS = {"SoftmaxWithLoss": "Softmax", "SigmoidCrossEntropyLoss": "Sigmoid"}
"""What a loss computes from the scores, and the layer that does only that."""

_SCORERS = frozenset({"Accuracy", "Silence", "HDF5Output", "DetectionEvaluate"})


def deploy(
    source: Source, inputs: Mapping[str, Shape] | None = None
) -> tuple[str, tuple[Change, ...]]:
    """Return the text of the net that is deployed, and what was done to get it.

    Comments and layout of the layers that are kept stay. Of several losses of one kind that read
    the same labels, as GoogLeNet's, only the one of the greatest weight counts. What is wrong with
    layers that are left out, or become inputs, does not matter.

    Args:
        source: The net; of any generation.
        inputs: Shapes of inputs that the data cannot tell, or that are to be others.

    Raises:
        DiagnosticError: The net is at fault; PN801, it predicts nothing; PN802, the shape of an
            input is not known; PN803, it has no such input.
    """
    tree = parse(source)
    modern, changes = modern_net(tree)
    net = read_tolerantly(modern)
    file, _ = resolve(net.file)
    # A net whose data are all for TRAIN has no other state.
    graph = build(file, states(file.message)[-1], takes_unknown=True)
    plan = _Plan(graph, inputs or {}, net.faults)
    fields = plan.fields()
    now = parse(Source(splice(tree, modern), source.name, source.path))
    new = replace(now, root=now.root._replace(fields=tuple(_edited(now, fields))))
    return splice(now, new, with_comments=False), (*changes, *plan.changes)


@dataclass(frozen=True, slots=True)
class _Made:
    """A layer that takes the place of another: its fields, and those that it takes over."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    shape: Shape | None = None
    keeps: frozenset[str] = frozenset()

    def field(self, old: Field) -> Field:
        at = old.at
        fields = [Field("name", self.name, at), Field("type", self.type, at)]
        fields += [Field("bottom", bottom, at) for bottom in self.bottoms]
        fields.append(Field("top", self.name, at))
        if self.shape is not None:
            dims = made(at, *(Field("dim", dim, at) for dim in self.shape))
            fields.append(Field("input_param", made(at, Field("shape", dims, at)), at))
        assert isinstance(old.value, Block), "it is bound"
        fields += [one for one in old.value.fields if one.name in self.keeps]
        return Field("layer", made(at, *fields), at)


_Fate = tuple[_Made, ...] | None
"""What takes a layer's place, maybe nothing; None if it stays."""


def _edited(tree: Tree, fates: Mapping[int, _Fate]) -> Iterator[Field]:
    """Yield the fields of the net with each layer kept, replaced or left out."""
    index = -1
    for one in tree.root.fields:
        if one.name != "layer":
            if one.name not in _OF_TRAINING:
                yield one
            continue
        blocks = one.value if type(one.value) is tuple else (one.value,)
        for block in blocks:
            index += 1
            old = one._replace(value=block)
            fate = fates[index]
            if fate is None:
                yield old._replace(value=_without_rules(block))
            else:
                yield from (made.field(old) for made in fate)


def _without_rules(value: object) -> Block:
    assert isinstance(value, Block), "it is bound"
    kept = tuple(one for one in value.fields if one.name not in _RULES)
    return value if len(kept) == len(value.fields) else value._replace(fields=kept)


@dataclass
class _Plan:
    """What becomes of each layer."""

    graph: Graph
    inputs: Mapping[str, Shape]
    faults: Mapping[int, tuple[Diagnostic, ...]] = field(
        default_factory=dict[int, tuple[Diagnostic, ...]]
    )
    changes: list[Change] = field(default_factory=list[Change])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def fields(self) -> dict[int, _Fate]:
        """Return what takes the place of each layer of the file, by its index.

        Raises:
            DiagnosticError: PN801 to PN803.
        """
        if not self._wanted:
            raise DiagnosticError(self._why_nothing())
        layers = len(self.graph.file.message.layer)
        fates: dict[int, _Fate] = dict.fromkeys(range(layers), ())
        for node in self.graph.nodes:
            fates[node.index] = self._fate(node)
        self._check_inputs()
        if self.problems:
            raise DiagnosticError(self.problems)
        return fates

    def _fate(self, node: Node) -> _Fate:
        if node.key in self._heads:
            return (self._head(node),)
        if node.key not in self._kept:
            self._tell(node, f"layer `{node.name}` was left out: only training and scoring need it")
            return ()
        if node.type == "Input":
            return self._changed_input(node)
        if not _reads_data(node):
            self._look(node)
            return None
        used = [at for at, top in enumerate(node.tops) if top in self._read]
        return tuple(found for at in used if (found := self._input(node, at)))

    def _look(self, node: Node) -> None:
        """Tell what is wrong with a layer that is kept."""
        self.problems += self.faults.get(node.index, ())
        if isinstance(node.layer, Unknown) and node.index not in self.faults:
            self.problems.append(unknown_type(self.graph.file, node.index, node.spec))

    def _head(self, node: Node) -> _Made:
        scores = node.bottoms[0].blob
        name = "prob" if len(self._heads) == 1 else f"prob_{scores}"
        kind = _HEADS[node.type]
        self._tell(node, f"layer `{node.name}` became `{name}`, the {kind} in it")
        return _Made(name, kind, (scores,), keeps=frozenset({f"{kind.lower()}_param"}))

    def _changed_input(self, node: Node) -> _Fate:
        if not any(top.blob in self.inputs for top in node.tops):
            return None
        shapes = self._declared(node)
        return tuple(
            _Made(top.blob, "Input", (), self.inputs.get(top.blob, shape))
            for top, shape in zip(node.tops, shapes, strict=True)
        )

    def _declared(self, node: Node) -> tuple[Shape, ...]:
        return node.layer.infer()

    def _input(self, node: Node, at: int) -> _Made | None:
        blob = node.tops[at].blob
        try:
            found = self._shape(node, at)
        except UnknownShapeError as error:
            self._problem(node, blob, str(error))
            return None
        size = extents(found.shape)
        self._tell(node, f"layer `{node.name}` became the input `{blob}` of {size}: {found.why}")
        return _Made(blob, "Input", (), found.shape)

    def _shape(self, node: Node, at: int) -> InputShape:
        given = self.inputs.get(node.tops[at].blob)
        if given is not None:
            return InputShape(given, "as asked for")
        if isinstance(node.layer, UnknownSource) or node.type == "Python":
            raise UnknownShapeError(f"a layer of type `{node.type}` makes it")
        return input_shape(node, at, self.graph.file.folder)

    def _tell(self, node: Node, what: str) -> None:
        at = self.graph.place(node).start
        self.changes.append(Change(what, at))

    def _problem(self, node: Node, blob: str, why: str) -> None:
        self.problems.append(
            Diagnostic(
                "PN802",
                f"the shape of the input `{blob}` is not known: {why}",
                (Label(self.graph.place(node, "type")),),
                f"give it: `--input {blob}=1x3x224x224`",
            )
        )

    def _check_inputs(self) -> None:
        """Refuse shapes of what is no input."""
        known = [
            top.blob
            for n in self.graph.nodes
            if n.type == "Input" or _reads_data(n)
            for top in n.tops
        ]
        for blob in self.inputs:
            if blob not in known:
                hint = did_you_mean(blob, known) or f"it has {', '.join(f'`{k}`' for k in known)}"
                name = self.graph.file.name
                self.problems.append(
                    Diagnostic("PN803", f"the net has no input `{blob}`", help=hint, file=name)
                )

    def _why_nothing(self) -> list[Diagnostic]:
        """Return why nothing is predicted: what could do it is not known, or there is nothing."""
        for node in self.graph.nodes:
            if not (_is_loss(node) or _scores(node) or _reads_data(node)):
                self._look(node)
        return self.problems or [
            Diagnostic(
                "PN801",
                f"in phase {self.graph.phase.name} no layer of this net predicts anything",
                help="it needs a loss, or outputs that depend on weights",
                file=self.graph.file.name,
            )
        ]

    @cached_property
    def _learned(self) -> frozenset[Value]:
        """Values that depend on weights."""
        found: set[Value] = set()
        for node in self.graph.nodes:
            if _reads_data(node):
                continue
            if type(node.layer).weights is not Layer.weights or found.intersection(node.bottoms):
                found.update(node.tops)
        return frozenset(found)

    @cached_property
    def _losses(self) -> tuple[Node, ...]:
        """The losses that count: of those of one type and labels, the ones of greatest weight."""
        losses = [node for node in self.graph.nodes if _is_loss(node)]
        most: dict[object, float] = {}
        for node in losses:
            most[_kind(node)] = max(most.get(_kind(node), 0.0), _weight(node))
        return tuple(node for node in losses if _weight(node) >= most[_kind(node)])

    @cached_property
    def _heads(self) -> dict[str, Node]:
        """Losses that become a layer, by their keys; one for each blob of scores."""
        by_scores = {n.bottoms[0]: n for n in self._losses if n.type in _HEADS and n.bottoms}
        return {node.key: node for node in by_scores.values()}

    @cached_property
    def _wanted(self) -> frozenset[Value]:
        """What the net is deployed for."""
        scorers = [n for n in self.graph.nodes if _scores(n) and n.type != "Silence"]
        ends = self._losses or scorers
        found = {value for node in ends for value in node.bottoms if value in self._learned}
        found |= {node.bottoms[0] for node in self._heads.values()}
        for node in self.graph.nodes:
            if not (_is_loss(node) or _scores(node)):
                found |= {t for t in node.tops if t in self._learned} - self.graph.consumed
        return frozenset(found)

    @cached_property
    def _read(self) -> frozenset[Value]:
        """Values that layers which are kept read, and what is wanted."""
        return frozenset(self._wanted | {b for n in self._kept.values() for b in n.bottoms})

    @cached_property
    def _kept(self) -> dict[str, Node]:
        """The layers that what is wanted depends on, by their keys."""
        needed = set(self._wanted)
        found: dict[str, Node] = {}
        for node in reversed(self.graph.nodes):
            if needed.intersection(node.tops):
                found[node.key] = node
                needed.update(node.bottoms)
        return found


def _reads_data(node: Node) -> bool:
    """Tell whether a layer's tops are data; those of DummyData are no inputs."""
    is_code = node.type == "Python" and not node.bottoms
    return is_code or (node.layer.is_source and node.type != "DummyData")


def _is_loss(node: Node) -> bool:
    return node.layer.is_loss or _serves(node, "loss", "Loss")


def _scores(node: Node) -> bool:
    return node.type in _SCORERS or _serves(node, "score", "Accuracy")


def _serves(node: Node, role: str, ending: str) -> bool:
    """Tell whether a layer of a type that protonet does not have is known, or named, for a role."""
    if not isinstance(node.layer, Unknown):
        return False
    known = fork_type(node.type)
    return known.role == role if known else node.type.endswith(ending)


def _kind(node: Node) -> object:
    return node.type, node.bottoms[1:]


def _weight(node: Node) -> float:
    return max(node.loss_weights, default=0.0)
